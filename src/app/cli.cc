#include "app/cli.h"

#include <signal.h>
#include <sys/stat.h>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <vector>

#include "app/config.h"
#include "app/server.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/text.h"
#include "process_memory.h"
#include "status_command.h"

namespace app {
namespace {

constexpr int kDone = 0, kFailed = 1, kWrongUsage = 2;

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

int complain(const base::Error& error) {
  std::fprintf(stderr, "sightline: %s\n", error.what.c_str());
  return error.code == base::Errc::invalid_argument ? kWrongUsage : kFailed;
}

base::log::Level log_level(const std::string& name) {
  using base::log::Level;
  if (name == "debug") return Level::debug;
  if (name == "warn") return Level::warn;
  if (name == "error") return Level::error;
  if (name == "off") return Level::off;
  return Level::info;
}

/// `--name` for every key of the configuration.
class ConfigFlags {
 public:
  explicit ConfigFlags(CLI::App& command) {
    command.add_option("--config", values_["config"],
                       "configuration file; default config.yaml in $XDG_CONFIG_HOME/sightline");
    for (const ConfigKey& key : config_keys()) {
      std::string& value = values_[std::string(key.name)];
      std::string what = fmt::format("{} [{}]", key.what, key.variable);
      const std::string flag = fmt::format("--{}", key.name);
      if (key.kind == KeyKind::boolean) {
        command.add_flag_callback(
            flag, [&value] { value = "true"; }, what);
      } else {
        CLI::Option* option = command.add_option(flag, value, what);
        if (!key.default_value.empty()) option->default_str(std::string(key.default_value));
      }
    }
  }
  base::Result<Config> load() const {
    Config::Flags given;
    for (const auto& [name, value] : values_)
      if (!value.empty()) given[name] = value;
    return Config::load(given, environment);
  }

 private:
  std::map<std::string, std::string> values_;
};

std::string with_tilde(const std::string& path) {
  const auto home = environment("HOME");
  if (!home || home->empty() || !path.starts_with(*home + "/")) return path;
  return "~" + path.substr(home->size());
}

/// Waits for SIGINT or SIGTERM, which all threads have blocked.
void wait_for_stop(const sigset_t& signals) {
  int received = 0;
  ::sigwait(&signals, &received);
  base::log::info("stopping on {}", received == SIGINT ? "SIGINT" : "SIGTERM");
  // A second signal ends the process at once: what is acknowledged is on disk.
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

int serve(const Config& config) {
  ::umask(S_IRWXG | S_IRWXO);  // what is recorded here is for its owner's eyes only
  base::log::set_level(log_level(config.text("log-level")));
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // inherited by the threads
  ::signal(SIGPIPE, SIG_IGN);

  auto server = Server::start(config);
  if (!server) return complain(server.error());
  std::error_code ignored;
  const auto database = std::filesystem::absolute(config.text("db"), ignored);
  const std::string folder = database.parent_path().string();
  std::printf("Sightline %s   %s   data %s\n", SIGHTLINE_VERSION, (*server)->url().c_str(),
              with_tilde(folder).c_str());
  std::fflush(stdout);
  base::log::info("AgentMonitor listening on {}", (*server)->url());
  base::log::info("Dashboard: http://localhost:{}", (*server)->port());
  release_startup_memory();
  wait_for_stop(signals);
  (*server)->stop();
  return kDone;
}

bool is_shown_masked(const ConfigKey& key, const ConfigValue& value) {
  return key.kind == KeyKind::secret && !value.text.empty();
}

int show_config(const Config& config, bool as_json) {
  if (as_json) {
    std::string out;
    base::json::Writer json(out);
    json.begin_object();
    for (const ConfigKey& key : config_keys()) {
      const ConfigValue& value = config.at(key.name);
      json.key(key.name).begin_object();
      json.key("value").value(is_shown_masked(key, value) ? "********" : value.text);
      json.key("origin").value(value.origin).key("variable").value(key.variable).end_object();
    }
    json.end_object();
    std::printf("%s\n", out.c_str());
    return kDone;
  }
  for (const ConfigKey& key : config_keys()) {
    const ConfigValue& value = config.at(key.name);
    std::printf("%-36s %-40s %s\n", std::string(key.name).c_str(),
                is_shown_masked(key, value) ? "********" : value.text.c_str(),
                value.origin.c_str());
  }
  return kDone;
}

/// What is wrong where a command should stand; empty when nothing is.
std::string unknown_command(const CLI::App& cli, int argc, char** argv) {
  const CLI::App* at = &cli;
  for (int i = 1; i < argc && argv[i][0] != '-' && !at->get_subcommands({}).empty(); ++i) {
    const auto commands = at->get_subcommands({});
    std::vector<std::string_view> names;
    for (const CLI::App* command : commands) names.push_back(command->get_name());
    const auto found = std::find(names.begin(), names.end(), argv[i]);
    if (found == names.end()) {
      const std::string_view meant = base::nearest(argv[i], names);
      return fmt::format("unknown command \"{}\"{}", argv[i],
                         meant.empty() ? "" : fmt::format("; did you mean \"{}\"?", meant));
    }
    at = commands[static_cast<std::size_t>(found - names.begin())];
  }
  return {};
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App cli("Sightline shows, stores and streams everything that AI agents do.", "sightline");
  cli.require_subcommand(1);
  cli.set_version_flag("--version", "sightline " SIGHTLINE_VERSION);

  CLI::App* serve_command =
      cli.add_subcommand("serve", "run the server: API, live stream, web page");
  const ConfigFlags serve_flags(*serve_command);

  CLI::App* status_command = cli.add_subcommand("status", "ask the running server how it is");
  const ConfigFlags status_flags(*status_command);
  bool status_json = false;
  status_command->add_flag("--json", status_json, "print JSON");

  CLI::App* version_command = cli.add_subcommand("version", "print the version");
  bool version_json = false;
  version_command->add_flag("--json", version_json, "print JSON");

  CLI::App* config_command = cli.add_subcommand("config", "look at the configuration");
  config_command->require_subcommand(1);
  CLI::App* show_command =
      config_command->add_subcommand("show", "print every value and where it came from");
  const ConfigFlags show_flags(*show_command);
  bool show_json = false;
  show_command->add_flag("--json", show_json, "print JSON");

  try {
    cli.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return cli.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return cli.exit(version);
  } catch (const CLI::ParseError& error) {
    const std::string unknown = unknown_command(cli, argc, argv);
    std::fprintf(stderr, "sightline: %s; see sightline --help\n",
                 unknown.empty() ? error.what() : unknown.c_str());
    return kWrongUsage;
  }

  if (*version_command) {
    std::printf(version_json ? "{\"version\":\"%s\"}\n" : "sightline %s\n", SIGHTLINE_VERSION);
    return kDone;
  }
  const ConfigFlags& flags = *serve_command    ? serve_flags
                             : *status_command ? status_flags
                                               : show_flags;
  const auto config = flags.load();
  if (!config) return complain(config.error());
  if (*serve_command) return serve(*config);
  if (*status_command) return print_status(*config, status_json) ? kDone : kFailed;
  return show_config(*config, show_json);
}

}  // namespace app
