#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

#include "command.h"

// The command line of AgentMonitor: its names, options and exit codes over the same commands.

namespace app {
namespace {

/// What may stand anywhere on the line. Most of it changes nothing here: the output is plain
/// anyway.
struct Globals {
  bool is_quiet = false, is_verbose = false;
  bool ignored_flag = false;
  std::string ignored_text;  // of a command that needs no database or no server
};

void add_globals(CLI::App& cli, Globals& globals) {
  const auto has = [&cli](const char* name) { return cli.get_option_no_throw(name) != nullptr; };
  const auto add_flag = [&](const char* name, const char* names, bool& flag, const char* what) {
    if (!has(name)) cli.add_flag(names, flag, what)->group("Global options");
  };
  const auto add_text = [&](const char* name, const char* what) {
    if (!has(name)) cli.add_option(name, globals.ignored_text, what)->group("Global options");
  };
  add_text("--db-path", "database file [AGENTMONITOR_DB_PATH]");
  add_text("--url", "the server [AGENTMONITOR_URL]");
  add_flag("--json", "--json", globals.ignored_flag, "print JSON where there is data");
  add_flag("--plain", "--plain", globals.ignored_flag, "no decoration; there is none");
  add_flag("--quiet", "-q,--quiet", globals.is_quiet, "print only errors, and data asked for");
  add_flag("--verbose", "-v,--verbose", globals.is_verbose, "the server logs more");
  add_flag("--no-color", "--no-color", globals.ignored_flag, "no colours; there are none");
  add_flag("--no-input", "--no-input", globals.ignored_flag, "ask nothing and open no window");
  for (CLI::App* command : cli.get_subcommands({})) add_globals(*command, globals);
}

/// The line with its commands first: options may stand before them, as in `amon --json health`.
std::vector<std::string> commands_first(const CLI::App& cli,
                                        const std::vector<std::string>& given) {
  std::vector<std::string> commands, options;
  const CLI::App* at = &cli;
  auto next = given.begin();
  for (; next != given.end() && !at->get_subcommands({}).empty(); ++next) {
    if (next->starts_with('-')) {
      options.push_back(*next);
      const bool has_value = *next == "--db-path" || *next == "--url";
      if (has_value && next + 1 != given.end()) options.push_back(*++next);
    } else if (const CLI::App* command = find_command(*at, *next)) {
      commands.push_back(*next);
      at = command;
    } else {  // no command: it is told before anything else is
      commands.push_back(*next++);
      break;
    }
  }
  commands.insert(commands.end(), options.begin(), options.end());
  commands.insert(commands.end(), next, given.end());
  return commands;
}

/// The command that was chosen, with those that it is a part of before it.
std::vector<std::string> chosen(const CLI::App& cli) {
  std::vector<std::string> names;
  for (auto parsed = cli.get_subcommands(); !parsed.empty();
       parsed = parsed.front()->get_subcommands())
    names.push_back(parsed.front()->get_name());
  return names;
}

/// Whether what it prints is about what it does, and no data that were asked for.
bool is_silenced_by_quiet(const CLI::App& cli) {
  constexpr std::array<std::string_view, 4> kDoers = {"serve", "import", "sync", "costs"};
  const std::vector<std::string> names = chosen(cli);
  if (names.empty()) return false;
  const bool is_installer = names[0] == "hooks" && names.back() == "claude";
  return is_installer || std::find(kDoers.begin(), kDoers.end(), names[0]) != kDoers.end();
}

void add_serve(CLI::App& cli, Action& action, const std::shared_ptr<Globals>& globals) {
  CLI::App* command = cli.add_subcommand("serve", "run the server: API, live stream, web page");
  auto flags = std::make_shared<ConfigFlags>(*command, ConfigFlags::Offer::listener_keys);
  struct Given {
    bool no_import = false, ignored = false;
  };
  auto given = std::make_shared<Given>();
  command->add_flag("--no-import", given->no_import, "bring in no log files by interval");
  for (const char* name : {"--no-watch", "--no-portless", "--no-browser"})
    command->add_flag(name, given->ignored, "accepted; there is no such thing to leave out");
  command->callback([&action, flags, given, globals] {
    action = [flags, given, globals] {
      if (given->no_import) flags->set("auto-import", "0");
      if (globals->is_quiet) flags->set("log-level", "warn");
      if (globals->is_verbose) flags->set("log-level", "debug");
      const auto config = flags->load();
      return config ? serve(*config) : complain(config.error());
    };
  });
}

void add_sync(CLI::App& cli, Action& action) {
  CLI::App* sync = cli.add_subcommand("sync", "bring in what agents have logged so far");
  sync->require_subcommand(1);
  CLI::App* command = sync->add_subcommand("sessions", "as import, of whole sessions");
  auto flags = std::make_shared<ConfigFlags>(*command, ConfigFlags::Offer::client_keys);
  auto given = std::make_shared<ImportArguments>();
  command->add_option("--source", given->source, "claude, codex or all")->default_str("all");
  command->add_flag("--dry-run", given->dry_run, "look, but write nothing");
  command->add_flag("--force", given->force, "read files again that were imported before");
  command->add_flag("--json", given->as_json, "print JSON");
  command->callback([&action, flags, given] {
    action = [flags, given] {
      ImportArguments arguments = *given;
      if (given->source != "claude" && given->source != "codex" && given->source != "all")
        return complain(
            {base::Errc::invalid_argument,
             fmt::format("--source: \"{}\" must be one of claude|codex|all", given->source)});
      if (given->source == "claude") arguments.source = "claude-code";
      const auto config = flags->load();
      return config ? import_history(*config, arguments) : complain(config.error());
    };
  });
}

void add_costs(CLI::App& cli, Action& action) {
  CLI::App* costs = cli.add_subcommand("costs", "what events cost");
  costs->require_subcommand(1);
  CLI::App* command = costs->add_subcommand("recalc", "price all events anew");
  auto flags = std::make_shared<ConfigFlags>(*command, ConfigFlags::Offer::client_keys);
  struct Given {
    bool dry_run = false, as_json = false;
  };
  auto given = std::make_shared<Given>();
  command->add_flag("--dry-run", given->dry_run, "show what would change, write nothing");
  command->add_flag("--json", given->as_json, "print JSON");
  command->callback([&action, flags, given] {
    action = [flags, given] {
      const auto config = flags->load();
      if (!config) return complain(config.error());
      const auto apply = given->dry_run ? monitor::Apply::no : monitor::Apply::yes;
      return recalculate_costs(*config, apply, given->as_json);
    };
  });
}

/// A command whose feature is not here: known, so that a script can tell it from a mistake.
void add_missing(CLI::App& cli, Action& action, const std::string& name) {
  CLI::App* command = cli.add_subcommand(name, "not available in Sightline yet");
  command->prefix_command();  // whatever follows
  const std::string path = cli.get_parent() ? cli.get_name() + " " + name : name;
  command->callback([&action, path] {
    action = [path] {
      std::fprintf(stderr, "%s %s: not available in Sightline yet\n", program_name().c_str(),
                   path.c_str());
      return kUnavailable;
    };
  });
}

void add_commands(CLI::App& cli, Action& action, const std::shared_ptr<Globals>& globals) {
  add_serve(cli, action, globals);
  add_health_command(cli, action);
  add_status_command(cli, action);
  add_open_command(cli, action);
  add_import_command(cli, action);
  add_sync(cli, action);
  add_costs(cli, action);
  add_sessions_command(cli, action);
  add_usage_command(cli, action);
  CLI::App* usage = cli.get_subcommand("usage");
  add_statusline_command(*usage, action);
  for (const char* name : {"budgets", "tier-feedback"}) add_missing(*usage, action, name);
  add_analytics_command(cli, action);
  add_hooks_command(cli, action);
  for (const char* name : {"pins", "live", "quality", "warehouse"}) add_missing(cli, action, name);
}

}  // namespace

int run_agentmonitor(std::string name, std::vector<std::string> arguments) {
  call_as(Front::agentmonitor, name);
  CLI::App cli("Sightline in the place of AgentMonitor: its commands, options and exit codes.",
               name);
  cli.require_subcommand(1);
  cli.set_version_flag("--version", name + " " SIGHTLINE_VERSION);
  cli.footer(
      "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 unavailable, 4 not found, "
      "5 partly done.");
  Action action;
  const auto globals = std::make_shared<Globals>();
  add_commands(cli, action, globals);
  add_globals(cli, *globals);
  if (arguments.empty()) {
    std::printf("%s", cli.help().c_str());
    return kWrongUsage;
  }
  return run_command(cli, commands_first(cli, arguments), [&] {
    const bool is_silent = globals->is_quiet && is_silenced_by_quiet(cli);
    if (is_silent && !std::freopen("/dev/null", "w", stdout)) return kFailed;
    return action();
  });
}

}  // namespace app
