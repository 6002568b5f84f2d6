#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agents/locations.h"
#include "base/result.h"
#include "collector/backfill_state.h"
#include "collector/parked.h"
#include "collector/settings.h"
#include "command.h"

/// What the commands of the collector share: `sightline collect`, and the program called `devlog`.
namespace app {

/// The flags that may stand anywhere on the line.
struct CollectFlags {
  std::string config;  // the file; empty: the usual one
  bool is_verbose = false;

  std::string settings_path() const;
  /// Called `devlog`, the files are those of the original by default; otherwise Sightline's.
  base::Result<collector::Settings> settings() const;
  /// The same for who cannot go on without: "failed to load configuration: ...".
  base::Result<collector::Settings> load() const;
};

/// The name in texts that say what to call: `devlog-collector` for any name of the original.
std::string collector_program();

/// By either name, the configuration's or that of events; `invalid_argument`, "unknown agent: ...".
base::Result<agents::Agent> agent_named(const std::string& name);

struct AgentSources {
  agents::Agent agent;
  std::vector<agents::Source> sources;  // by path; at least one
};
/// What there is at `locations`, in the fixed order of agents. A path counts once.
std::vector<AgentSources> sources_at(const std::vector<agents::Location>& locations);

/// How many events wait in the collector's database; nothing when there is no database. It is only
/// read: neither of these makes or changes one.
base::Result<std::optional<std::int64_t>> pending_events(const collector::Settings& settings);
/// What the collector has set aside; nothing when there is no database.
base::Result<collector::parked::Summary> parked_events(const collector::Settings& settings);
/// What is told of the logs, of one agent (as its events call it) or of all, the newest first;
/// nothing when no database tells of any.
base::Result<std::optional<std::vector<collector::BackfillState>>> backfill_states(
    const collector::Settings& settings, std::string_view agent = {});

void add_collect_start(CLI::App& cli, Action& action, const std::shared_ptr<CollectFlags>& flags);
void add_collect_status(CLI::App& cli, Action& action, const std::shared_ptr<CollectFlags>& flags);
void add_collect_sync(CLI::App& cli, Action& action, const std::shared_ptr<CollectFlags>& flags);
void add_collect_backfill(CLI::App& cli, Action& action,
                          const std::shared_ptr<CollectFlags>& flags);
void add_collect_backfill_status(CLI::App& group, Action& action,
                                 const std::shared_ptr<CollectFlags>& flags);

}  // namespace app
