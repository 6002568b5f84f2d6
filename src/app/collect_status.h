#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collect_flags.h"

/// What `status` and `sync status` of the collector tell, and how: docs/commands.md.
namespace app {

/// How far the logs of a source have been taken in.
struct SyncState {
  enum class Status : std::uint8_t {
    unknown,  // nothing is known of it yet
    pending,
    syncing,
    paused,  // the collector stopped; its only log or all of them
    synced,
    failed,  // see `error`
  };
  Status status = Status::unknown;
  std::int64_t events = 0;
  std::string error;                      // of the newest log that failed
  std::optional<std::int64_t> last_sync;  // seconds; of `synced`
};

/// Of the logs in `states` that are at or below `source`: synced when all are, else failed or
/// syncing when one is.
SyncState sync_state(const agents::Source& source,
                     std::span<const collector::BackfillState> states);

struct SourceReport {
  std::string path;
  std::optional<SyncState> state;  // nothing: there is no database that tells it
};
struct AgentReport {
  std::string agent;
  std::vector<SourceReport> sources;
  std::string error;  // why their states could not be read
};
/// Agents and sources in their order. `states` is what `backfill_states` returns.
std::vector<AgentReport> agent_reports(
    const std::vector<AgentSources>& agents,
    const base::Result<std::optional<std::vector<collector::BackfillState>>>& states);

struct StatusReport {
  std::string settings_path, settings_error;
  std::string backend_url, project_id, backend_error;  // when there are settings
  std::optional<std::int64_t> pending;
  collector::parked::Summary parked;
  std::vector<AgentReport> agents;
};
std::string status_text(const StatusReport& report);
std::string status_json(const StatusReport& report);

std::string sync_text(const std::vector<AgentReport>& agents,
                      const collector::parked::Summary& parked = {});
std::string sync_json(const std::vector<AgentReport>& agents,
                      const collector::parked::Summary& parked = {});

/// What became of the events that were set aside.
std::string retry_text(const collector::parked::PutBack& done);
std::string retry_json(const collector::parked::PutBack& done);

/// Of one agent, as it was asked for.
std::string history_text(const std::string& agent,
                         std::span<const collector::BackfillState> states);
std::string history_json(std::span<const collector::BackfillState> states);

}  // namespace app
