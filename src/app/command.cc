#include "command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "base/text.h"
#include "net/http_client.h"

namespace app {
namespace {

constexpr std::array<std::string_view, 4> kClientKeys = {"host", "port", "db", "token"};
constexpr const char* kAgentMonitorDatabase = "./data/agentmonitor.db";

struct Called {
  Front front = Front::sightline;
  std::string name = "sightline";
};

Called& called() {
  static Called called;
  return called;
}

/// What is wrong where a command should stand; empty when nothing is.
std::string unknown_command(const CLI::App& cli, const std::vector<std::string>& arguments) {
  const CLI::App* at = &cli;
  for (const std::string& argument : arguments) {
    const auto commands = at->get_subcommands({});
    if (argument.starts_with('-') || commands.empty()) break;
    std::vector<std::string_view> names;
    for (const CLI::App* command : commands) names.push_back(command->get_name());
    const auto found = std::find(names.begin(), names.end(), argument);
    if (found == names.end()) {
      const std::string_view meant = base::nearest(argument, names);
      return fmt::format("unknown command \"{}\"{}", argument,
                         meant.empty() ? "" : fmt::format("; did you mean \"{}\"?", meant));
    }
    at = commands[static_cast<std::size_t>(found - names.begin())];
  }
  return {};
}

/// Of a line that cannot be read.
int wrong_usage() { return front() == Front::devlog ? kFailed : kWrongUsage; }

int exit_code(base::Errc code) {
  if (front() == Front::devlog) return kFailed;
  if (code == base::Errc::invalid_argument) return kWrongUsage;
  if (front() == Front::sightline) return kFailed;
  if (code == base::Errc::unavailable) return kUnavailable;
  return code == base::Errc::not_found ? kNotFound : kFailed;
}

/// What an error begins with.
std::string complaint_head() { return front() == Front::devlog ? "Error" : program_name(); }

/// What a key means to a command that listens on nothing.
std::string_view client_meaning(const ConfigKey& key) {
  if (key.name == "host") return "address of the server";
  if (key.name == "port") return "port of the server";
  if (key.name == "token") return "the server's token";
  return key.what;
}

}  // namespace

void call_as(Front front, std::string name) { called() = {front, std::move(name)}; }

Front front() { return called().front; }

const std::string& program_name() { return called().name; }

int complain(const base::Error& error) {
  std::fprintf(stderr, "%s: %s\n", complaint_head().c_str(), error.what.c_str());
  return exit_code(error.code);
}

int run_command(CLI::App& cli, const std::vector<std::string>& arguments, const Action& action) {
  try {
    // CLI11 takes them from the end.
    cli.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp& help) {
    return cli.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return cli.exit(version);
  } catch (const CLI::ParseError& error) {
    const std::string unknown = unknown_command(cli, arguments);
    std::fprintf(stderr, "%s: %s; see %s --help\n", complaint_head().c_str(),
                 unknown.empty() ? error.what() : unknown.c_str(), program_name().c_str());
    return wrong_usage();
  }
  const int code = action();
  const bool is_written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (is_written || code != kDone) return code;
  return complain({base::Errc::unavailable, "the output could not be written"});
}

const CLI::App* find_command(const CLI::App& cli, const std::string& name) {
  for (const CLI::App* command : cli.get_subcommands({}))
    if (command->get_name() == name) return command;
  return nullptr;
}

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

void offer_log_places(CLI::App& command, std::string& claude_dir, std::string& codex_dir) {
  command.add_option("--claude-dir", claude_dir,
                     "Claude Code's folder of projects; default ~/.claude/projects");
  command.add_option("--codex-dir", codex_dir, "Codex' folder; default ~/.codex");
}

agents::Places log_places(const std::string& claude_dir, const std::string& codex_dir) {
  agents::Places places = agents::Places::of(environment);
  if (!claude_dir.empty()) places.claude_projects = {claude_dir};
  if (!codex_dir.empty()) places.codex_home = codex_dir;
  return places;
}

ConfigFlags::ConfigFlags(CLI::App& command, Offer offer) : offer_(offer) {
  if (front() == Front::sightline) {
    offer_keys(command, offer);
    return;
  }
  command.add_option("--db-path", values_["db"], "database file [AGENTMONITOR_DB_PATH]")
      ->default_str(kAgentMonitorDatabase);
  if (offer != Offer::listener_keys) {
    command.add_option("--url", values_["url"], "the server [AGENTMONITOR_URL]");
  } else {
    command.add_option("--host", values_["host"], "address to listen on [AGENTMONITOR_HOST]")
        ->default_str("127.0.0.1");
    command.add_option("--port", values_["port"], "port to listen on [AGENTMONITOR_PORT]")
        ->default_str("3141");
  }
}

void ConfigFlags::offer_keys(CLI::App& command, Offer offer) {
  command.add_option("--config", values_["config"],
                     "configuration file; default config.yaml in $XDG_CONFIG_HOME/sightline");
  for (const ConfigKey& key : config_keys()) {
    const bool is_client_key =
        std::find(kClientKeys.begin(), kClientKeys.end(), key.name) != kClientKeys.end();
    if (offer != Offer::all_keys && !is_client_key) continue;
    std::string& value = values_[std::string(key.name)];
    const std::string_view about = offer == Offer::client_keys ? client_meaning(key) : key.what;
    std::string what = fmt::format("{} [{}]", about, key.variable);
    const std::string flag = fmt::format("--{}", key.name);
    if (key.kind == KeyKind::boolean) {
      command.add_flag(flag + "{true}", value, what);
    } else {
      CLI::Option* option = command.add_option(flag, value, what);
      if (!key.default_value.empty()) option->default_str(std::string(key.default_value));
    }
  }
}

base::Result<Config> ConfigFlags::load() const {
  Config::Flags given, defaults;
  for (const auto& [name, value] : values_)
    if (!value.empty() && name != "url") given[name] = value;
  if (front() == Front::agentmonitor) {
    defaults["db"] = kAgentMonitorDatabase;
    defaults["collect"] = "false";  // it imports, every auto-import minutes
    defaults["tasks"] = "false";
    if (offer_ != Offer::listener_keys) TRY_OK(point_to_server(given));
  }
  return Config::load(given, environment, defaults);
}

base::Result<void> ConfigFlags::point_to_server(Config::Flags& given) const {
  const auto flag = values_.find("url");
  const bool is_flag = flag != values_.end() && !flag->second.empty();
  const std::string text = is_flag ? flag->second : environment("AGENTMONITOR_URL").value_or("");
  const auto url = net::parse_http_url(text);
  if (url) {
    given["host"] = url->host;
    given["port"] = std::to_string(url->port);
  } else if (is_flag) {
    return base::Error(url.error()).within("--url");
  }
  return {};
}

}  // namespace app
