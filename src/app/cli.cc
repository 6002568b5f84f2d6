#include "app/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "command.h"
#include "hook_command.h"

namespace app {
namespace {

/// An agent waits for a hook, so it does without all that a command line needs.
bool is_hook(int argc, char** argv) {
  if (argc < 2 || std::string_view(argv[1]) != "hook") return false;
  const std::string_view next = argc > 2 ? argv[2] : "";
  return next != "--help" && next != "-h";
}

void add_version_command(CLI::App& cli, Action& action) {
  CLI::App* command = cli.add_subcommand("version", "print the version");
  auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "print JSON");
  command->callback([&action, as_json] {
    action = [as_json] {
      std::printf(*as_json ? "{\"version\":\"%s\"}\n" : "sightline %s\n", SIGHTLINE_VERSION);
      return kDone;
    };
  });
}

void add_completion(CLI::App& cli, Action& action) {
  add_completion_command(cli, action, "completion");
}

struct Command {
  std::string_view name;
  void (*add)(CLI::App& cli, Action& action);
};
constexpr Command kCommands[] = {{"serve", add_serve_command},
                                 {"status", add_status_command},
                                 {"import", add_import_command},
                                 {"verify", add_verify_command},
                                 {"sessions", add_sessions_command},
                                 {"usage", add_usage_command},
                                 {"statusline", add_statusline_command},
                                 {"cost", add_cost_command},
                                 {"seed", add_seed_command},
                                 {"config", add_config_command},
                                 {"hook", add_hook_command},
                                 {"hooks", add_hooks_command},
                                 {"collect", add_collect_command},
                                 {"tasks", add_tasks_command},
                                 {"completion", add_completion},
                                 {"version", add_version_command}};

/// The command that is named, or all where help or a mistake has to name them: to declare the flags
/// of all of them takes longer than most commands.
void add_commands(CLI::App& cli, Action& action, std::string_view named) {
  const auto found = std::find_if(std::begin(kCommands), std::end(kCommands),
                                  [&](const Command& command) { return command.name == named; });
  if (found != std::end(kCommands)) return found->add(cli, action);
  declare_all(cli, action);
}

}  // namespace

void declare_all(CLI::App& cli, Action& action) {
  if (front() == Front::devlog) return declare_devlog(cli, action);
  for (const Command& command : kCommands) command.add(cli, action);
}

int run_command_line(int argc, char** argv) {
  const std::string name(argc > 0 ? base::last_component(argv[0]) : "sightline");
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  if (name == "amon" || name == "agentmonitor") return run_agentmonitor(name, arguments);
  if (std::find(kDevlogNames.begin(), kDevlogNames.end(), name) != kDevlogNames.end())
    return run_devlog(name, arguments);
  if (is_hook(argc, argv))
    return run_hook(std::span<char* const>(argv + 2, static_cast<std::size_t>(argc - 2)));
  CLI::App cli("Sightline shows, stores and streams everything that AI agents do.", "sightline");
  cli.require_subcommand(1);
  cli.set_version_flag("--version", "sightline " SIGHTLINE_VERSION);
  Action action;
  add_commands(cli, action, argc > 1 ? argv[1] : "");
  return run_command(cli, arguments, action);
}

}  // namespace app
