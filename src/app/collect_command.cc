#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "collect_flags.h"
#include "collect_service.h"

// The commands of the collector, as `sightline collect` and as the program called `devlog`.

namespace app {
namespace {

constexpr const char* kShort = "AI Agent Activity Collector for Devlog";
constexpr const char* kLong =
    "Follows the logs of coding agents on this machine, such as GitHub Copilot, Claude Code and "
    "Cursor, and sends what they do to a backend.";

struct StartArguments {
  bool no_history = false;
  std::int64_t initial_sync_days = 90;
  std::uint16_t port = 0;
};

int start(const CollectFlags& flags, const StartArguments& given, bool has_days, bool has_port) {
  const auto settings = flags.load();
  if (!settings) return complain(settings.error());
  CollectOptions options;
  options.with_history = settings->historical_sync && !given.no_history;
  options.initial_sync_days = has_days ? given.initial_sync_days : settings->initial_sync_days;
  if (has_port) options.port = given.port;
  options.settings_path = flags.settings_path();
  return run_collector(*settings, options);
}

void add_version(CLI::App& cli, Action& action) {
  CLI::App* command = cli.add_subcommand("version", "print the version");
  command->callback([&action] {
    action = [] {
      std::printf("Devlog Collector v%s\n", SIGHTLINE_VERSION);
      return kDone;
    };
  });
}

/// `help backfill run` is `backfill run --help`.
void add_help(CLI::App& cli, Action& action) {
  CLI::App* command = cli.add_subcommand("help", "what a command is for, and its options");
  auto names = std::make_shared<std::vector<std::string>>();
  command->add_option("command", *names, "the command");
  command->callback([&cli, &action, names] {
    action = [&cli, names] {
      const CLI::App* at = &cli;
      for (const std::string& name : *names) {
        const CLI::App* next = find_command(*at, name);
        if (!next)
          return complain(
              {base::Errc::invalid_argument, fmt::format("unknown command \"{}\"", name)});
        at = next;
      }
      return print_help(*at);
    };
  });
}

/// On every command, since they may stand anywhere.
void add_flags(CLI::App& cli, CollectFlags& flags) {
  constexpr const char* kGroup = "Global options";
  cli.add_option("-c,--config", flags.config,
                 "configuration file [DEVLOG_CONFIG]; default ~/.devlog/collector.json")
      ->group(kGroup);
  cli.add_flag("-v,--verbose", flags.is_verbose, "log more")->group(kGroup);
  for (CLI::App* command : cli.get_subcommands({})) add_flags(*command, flags);
}

void add_commands(CLI::App& cli, Action& action) {
  const auto flags = std::make_shared<CollectFlags>();
  add_collect_start(cli, action, flags);
  add_collect_status(cli, action, flags);
  add_collect_sync(cli, action, flags);
  add_collect_backfill(cli, action, flags);
  add_version(cli, action);
  for (const char* name : {"completion", "completions"}) add_completion_command(cli, action, name);
  add_flags(cli, *flags);
}

}  // namespace

void add_collect_start(CLI::App& cli, Action& action, const std::shared_ptr<CollectFlags>& flags) {
  CLI::App* command =
      cli.add_subcommand("start", "follow the agents' logs, until SIGINT or SIGTERM");
  auto given = std::make_shared<StartArguments>();
  command->add_flag("--no-history", given->no_history, "only what happens from now on");
  const CLI::Option* days = command
                                ->add_option("--initial-sync-days", given->initial_sync_days,
                                             "how many days of history are taken in")
                                ->default_str("90")
                                ->check(CLI::Range(0, 36600));
  const CLI::Option* port = command->add_option("-p,--port", given->port,
                                                "take events of others on this port; default none");
  command->callback([&action, flags, given, days, port] {
    const bool has_days = days->count() > 0, has_port = port->count() > 0;
    action = [flags, given, has_days, has_port] {
      return start(*flags, *given, has_days, has_port);
    };
  });
}

void add_collect_command(CLI::App& cli, Action& action) {
  CLI::App* group = add_group(cli, action, "collect", fmt::format("{}\n{}", kShort, kLong));
  add_commands(*group, action);
}

void declare_devlog(CLI::App& cli, Action& action) {
  add_commands(cli, action);
  add_help(cli, action);
}

int run_devlog(const std::string& name, const std::vector<std::string>& arguments) {
  call_as(Front::devlog, name);
  CLI::App cli(fmt::format("{}\n\n{}", kShort, kLong), name);
  cli.require_subcommand(0, 1);
  cli.set_version_flag("-V,--version", name == "devlog-cli"
                                           ? "devlog-cli " SIGHTLINE_VERSION
                                           : "devlog-collector version " SIGHTLINE_VERSION);
  Action action = [&cli] { return print_help(cli); };
  declare_devlog(cli, action);
  return run_command(cli, arguments, action);
}

}  // namespace app
