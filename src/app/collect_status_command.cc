#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "collect_health.h"
#include "collect_service.h"
#include "collect_status.h"
#include "net/http_client.h"
#include "store/sqlite.h"

namespace app {
namespace {

using base::Result;
using collector::Settings;

constexpr std::chrono::seconds kBackendLimit{3};

int print(const std::string& text) {
  std::printf("%s", text.c_str());
  return kDone;
}

int print_status(const CollectFlags& flags, bool as_json) {
  StatusReport report;
  report.settings_path = flags.settings_path();
  const auto loaded = flags.settings();
  // Without a configuration the agents' usual places can be told still.
  const Settings settings = loaded ? *loaded : Settings{};
  if (loaded) {
    report.backend_url = net::shown_url(settings.backend_url);
    report.project_id = settings.project_id;
    const auto backend = check_backend(settings.backend_url, kBackendLimit);
    if (!backend) report.backend_error = backend.error().what;
    // One that cannot be read is left out.
    if (const auto pending = pending_events(settings); pending) report.pending = *pending;
    if (auto parked = parked_events(settings); parked) report.parked = std::move(*parked);
  } else {
    report.settings_error = loaded.error().what;
  }
  report.agents = agent_reports(sources_at(locations_of(settings)), backfill_states(settings));
  return print(as_json ? status_json(report) : status_text(report));
}

/// Whether the collector can do its work, without the network: for a container's health check.
int print_health(const CollectFlags& flags) {
  const auto settings = flags.load();
  if (!settings) return complain(settings.error());
  if (settings->buffer_enabled) {
    const auto pending = pending_events(*settings);
    if (!pending) return complain(base::Error(pending.error()).within("buffer"));
    if (!*pending)
      return complain({base::Errc::not_found, "buffer: there is none at " + settings->buffer_path +
                                                  "; no collector has been started"});
  }
  return print("ok\n");
}

int print_sync(const CollectFlags& flags, const std::string& wanted, bool as_json) {
  const auto settings = flags.load();
  if (!settings) return complain(settings.error());
  std::vector<AgentSources> agents = sources_at(locations_of(*settings));
  if (!wanted.empty()) {
    const auto agent = agent_named(wanted);
    if (!agent) return complain(agent.error());
    std::erase_if(agents, [&](const AgentSources& other) { return other.agent != *agent; });
  }
  const auto reports = agent_reports(agents, backfill_states(*settings));
  // One that cannot be read is told as that of each source.
  const auto parked = parked_events(*settings);
  const auto aside = parked ? *parked : collector::parked::Summary{};
  return print(as_json ? sync_json(reports, aside) : sync_text(reports, aside));
}

/// What was set aside is put back; a collector, now or later, sends it.
int retry(const CollectFlags& flags, bool as_json) {
  const auto settings = flags.load();
  if (!settings) return complain(settings.error());
  const std::string& path = settings->buffer_path;
  std::error_code ignored;
  collector::parked::PutBack done;
  if (std::filesystem::exists(path, ignored)) {
    auto db = store::Database::open(path, store::Access::read_write);
    if (!db) return complain(std::move(db.error()).within("failed to open database"));
    const auto moved =
        collector::parked::put_back(*db, settings->buffer_max_size, base::Clock::system().now());
    if (!moved) return complain(moved.error());
    done = *moved;
  }
  return print(as_json ? retry_json(done) : retry_text(done));
}

int print_history(const CollectFlags& flags, const std::string& wanted, bool as_json) {
  const auto settings = flags.load();
  if (!settings) return complain(settings.error());
  const std::string name = wanted.empty() ? "github-copilot" : wanted;
  // A name that is none of ours is looked for as it is.
  const auto agent = agents::parse_agent(name);
  const auto states = backfill_states(*settings, agent ? agents::adapter_name(*agent) : name);
  if (!states) return complain(states.error());
  const auto found = states->value_or(std::vector<collector::BackfillState>{});
  return print(as_json ? history_json(found) : history_text(name, found));
}

struct Question {
  std::string agent;
  bool as_json = false;
};

/// A command that asks of one agent or all.
void add_question(CLI::App& group, Action& action, const std::shared_ptr<CollectFlags>& flags,
                  const char* what_command, const char* what_agent,
                  int (*answer)(const CollectFlags&, const std::string&, bool)) {
  CLI::App* command = group.add_subcommand("status", what_command);
  auto given = std::make_shared<Question>();
  command->add_option("-a,--agent", given->agent, what_agent);
  command->add_flag("--json", given->as_json, "print JSON");
  command->callback([&action, flags, given, answer] {
    action = [flags, given, answer] { return answer(*flags, given->agent, given->as_json); };
  });
}

}  // namespace

void add_collect_status(CLI::App& cli, Action& action, const std::shared_ptr<CollectFlags>& flags) {
  CLI::App* command =
      cli.add_subcommand("status", "how the collector is set up, and how far it is");
  struct Given {
    bool as_json = false, is_health = false;
  };
  auto given = std::make_shared<Given>();
  command->add_flag("--json", given->as_json, "print JSON");
  command->add_flag("--health", given->is_health,
                    "only whether the configuration and the database are usable; asks no network");
  command->callback([&action, flags, given] {
    action = [flags, given] {
      return given->is_health ? print_health(*flags) : print_status(*flags, given->as_json);
    };
  });
}

void add_collect_sync(CLI::App& cli, Action& action, const std::shared_ptr<CollectFlags>& flags) {
  CLI::App* group = add_group(cli, action, "sync", "how far history has been taken in");
  add_question(*group, action, flags, "how far each log source has been taken in",
               "only this agent, by either of its names", print_sync);
  CLI::App* command =
      group->add_subcommand("retry", "send again what the backend refused and was set aside");
  auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "print JSON");
  command->callback(
      [&action, flags, as_json] { action = [flags, as_json] { return retry(*flags, *as_json); }; });
}

void add_collect_backfill_status(CLI::App& group, Action& action,
                                 const std::shared_ptr<CollectFlags>& flags) {
  add_question(group, action, flags, "each log that has been taken in",
               "the agent, by either of its names; default github-copilot", print_history);
}

}  // namespace app
