#include "collect_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/json_writer.h"
#include "base/saturating.h"
#include "base/time_text.h"
#include "terminal_text.h"

namespace app {
namespace {

using collector::BackfillState;
using Status = SyncState::Status;
using base::json::Writer;

constexpr std::array<std::string_view, 6> kStatusNames = {"pending", "pending", "syncing",
                                                          "paused",  "synced",  "failed"};
std::string_view name(Status status) { return kStatusNames[static_cast<std::size_t>(status)]; }

bool is_of(const agents::Source& source, const BackfillState& state) {
  if (state.agent != agents::adapter_name(source.agent)) return false;
  const std::string_view path = state.path;
  return path == source.path ||
         (path.starts_with(source.path) && path.substr(source.path.size()).starts_with('/'));
}

/// `2026-03-01T12:00:00Z`; what is before the year 0 or after 9999 is the end of that time.
std::string to_rfc3339(std::int64_t seconds) {
  constexpr std::int64_t kFirst = -62'167'219'200, kLast = 253'402'300'799;
  const std::chrono::seconds since_1970{std::clamp(seconds, kFirst, kLast)};
  std::string text = base::to_iso_ms(base::Time(since_1970));
  return text.replace(text.find('.'), 4, "");
}

std::string folder_name(const std::string& path) {
  return printable(std::filesystem::path(path).parent_path().filename().string());
}

std::string brief(const SyncState& state) {
  switch (state.status) {
    case Status::synced:
      return fmt::format("✅ synced ({} events)", state.events);
    case Status::syncing:
      return fmt::format("🔄 syncing ({} events)", state.events);
    case Status::failed:
      return fmt::format("❌ failed: {}", printable(state.error));
    case Status::unknown:
    case Status::pending:
    case Status::paused:
      break;
  }
  return "⏳ pending";
}

std::string full(const SyncState& state) {
  switch (state.status) {
    case Status::unknown:
      return "⏳ pending (not yet synced)";
    case Status::syncing:
      return fmt::format("🔄 syncing ({} events so far)", state.events);
    case Status::paused:
      return fmt::format("⏸️  paused ({} events)", state.events);
    default:
      return brief(state);
  }
}

std::string agent_text(const AgentReport& agent) {
  std::string out = fmt::format("   {} ({} log sources)\n", agent.agent, agent.sources.size());
  for (const SourceReport& source : agent.sources)
    out += source.state
               ? fmt::format("      📁 {} - {}\n", folder_name(source.path), brief(*source.state))
               : fmt::format("      📁 {}\n", printable(source.path));
  return out;
}

void write_agents(Writer& json, const std::vector<AgentReport>& agents) {
  json.begin_array();
  for (const AgentReport& agent : agents) {
    json.begin_object().key("agent").value(agent.agent);
    if (!agent.error.empty()) json.key("error").value(agent.error);
    json.key("sources").begin_array();
    for (const SourceReport& source : agent.sources) {
      json.begin_object().key("path").value(source.path);
      if (const auto& state = source.state) {
        json.key("status").value(name(state->status)).key("events").value(state->events);
        if (state->last_sync) json.key("lastSync").value(to_rfc3339(*state->last_sync));
        if (state->status == Status::failed) json.key("error").value(state->error);
      }
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
}

/// Nothing when there are none: the original knows of no such events.
std::string parked_text(const collector::parked::Summary& parked) {
  if (parked.count == 0) return {};
  return fmt::format("⚠️  Set aside: {} events ({}); '{} sync retry' sends them again\n",
                     parked.count, printable(parked.last_reason), collector_program());
}

void write_parked(Writer& json, const collector::parked::Summary& parked) {
  if (parked.count == 0) return;
  json.key("parked").value(parked.count).key("lastParked").value(parked.last_reason);
}

struct Counts {
  std::size_t synced = 0, syncing = 0, pending = 0;
};
Counts counts_of(const std::vector<AgentReport>& agents) {
  Counts counts;
  for (const AgentReport& agent : agents)
    for (const SourceReport& source : agent.sources) {
      const Status status = source.state ? source.state->status : Status::unknown;
      ++(status == Status::synced    ? counts.synced
         : status == Status::syncing ? counts.syncing
                                     : counts.pending);
    }
  return counts;
}

}  // namespace

SyncState sync_state(const agents::Source& source, std::span<const BackfillState> states) {
  SyncState result;
  std::size_t logs = 0;
  std::array<std::size_t, 5> with{};
  for (const BackfillState& state : states) {
    if (!is_of(source, state)) continue;
    ++logs;
    ++with[static_cast<std::size_t>(state.status)];
    result.events = base::saturating_add(result.events, state.events);
    if (state.completed_at)
      result.last_sync =
          std::max(result.last_sync.value_or(*state.completed_at), *state.completed_at);
    if (state.status == BackfillState::Status::failed && result.error.empty())
      result.error = state.error;
  }
  const auto count = [&](BackfillState::Status s) { return with[static_cast<std::size_t>(s)]; };
  using Row = BackfillState::Status;
  result.status = logs == 0                       ? Status::unknown
                  : count(Row::completed) == logs ? Status::synced
                  : count(Row::failed) > 0        ? Status::failed
                  : count(Row::in_progress) > 0   ? Status::syncing
                  : count(Row::paused) == logs    ? Status::paused
                                                  : Status::pending;
  if (result.status != Status::synced) result.last_sync.reset();
  return result;
}

std::vector<AgentReport> agent_reports(
    const std::vector<AgentSources>& agents,
    const base::Result<std::optional<std::vector<BackfillState>>>& states) {
  std::vector<AgentReport> reports;
  for (const AgentSources& of_agent : agents) {
    AgentReport report;
    report.agent = agents::short_name(of_agent.agent);
    if (!states) report.error = states.error().what;
    for (const agents::Source& source : of_agent.sources) {
      SourceReport about{source.path, {}};
      if (states && *states) about.state = sync_state(source, **states);
      report.sources.push_back(std::move(about));
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

std::string status_text(const StatusReport& r) {
  std::string out = "📊 Devlog Collector Status\n==========================\n\n";
  if (r.settings_error.empty()) {
    out += fmt::format("✅ Configuration: Loaded from {}\n", printable(r.settings_path));
    out += fmt::format("   Backend URL: {}\n", printable(r.backend_url));
    out += fmt::format("   Project ID: {}\n\n", printable(r.project_id));
    out += r.backend_error.empty()
               ? "✅ Backend: Connected\n\n"
               : fmt::format("❌ Backend: Unreachable ({})\n\n", printable(r.backend_error));
  } else {
    out +=
        fmt::format("⚠️  Configuration: Failed to load ({})\n\n", printable(r.settings_error));
  }
  if (r.pending)
    out += *r.pending > 0 ? fmt::format("📦 Buffer: {} events pending\n\n", *r.pending)
                          : "📦 Buffer: Empty (all events synced)\n\n";
  if (r.parked.count > 0) out += parked_text(r.parked) + "\n";
  out += "🤖 Agents:\n";
  if (r.agents.empty()) return out + "   No agent logs discovered\n";
  for (const AgentReport& agent : r.agents) out += agent_text(agent);
  return out +
         fmt::format("\n💡 Tip: Run '{} start' to begin collecting events\n", collector_program());
}

std::string status_json(const StatusReport& r) {
  std::string out;
  Writer json(out);
  json.begin_object().key("configuration").begin_object().key("path").value(r.settings_path);
  if (r.settings_error.empty()) {
    json.key("backendUrl").value(r.backend_url).key("projectId").value(r.project_id).end_object();
    json.key("backend").begin_object().key("connected").value(r.backend_error.empty());
    if (!r.backend_error.empty()) json.key("error").value(r.backend_error);
  } else {
    json.key("error").value(r.settings_error);
  }
  json.end_object();
  if (r.pending) {
    json.key("buffer").begin_object().key("pending").value(*r.pending);
    write_parked(json, r.parked);
    json.end_object();
  }
  json.key("agents");
  write_agents(json, r.agents);
  json.end_object();
  return out + "\n";
}

std::string sync_text(const std::vector<AgentReport>& agents,
                      const collector::parked::Summary& parked) {
  std::string out = "📊 Sync Status\n==============\n\n";
  if (agents.empty()) out += "   No agent logs discovered\n\n";
  for (const AgentReport& agent : agents) {
    out += fmt::format("🤖 {} ({} log sources)\n", agent.agent, agent.sources.size());
    if (!agent.error.empty()) {
      out += fmt::format("   ❌ Error getting status: {}\n\n", printable(agent.error));
      continue;
    }
    for (const SourceReport& source : agent.sources) {
      const SyncState state = source.state.value_or(SyncState{});
      out += fmt::format("   📁 {}\n      Status: {}\n", printable(source.path), full(state));
      if (state.last_sync)
        out += fmt::format("      Last sync: {}\n", to_rfc3339(*state.last_sync));
    }
    out += "\n";
  }
  const Counts counts = counts_of(agents);
  out += fmt::format(
      "Summary:\n  ✅ Synced:      {}\n  🔄 In progress: {}\n"
      "  ⏳ Pending:     {}\n",
      counts.synced, counts.syncing, counts.pending);
  return out + parked_text(parked);
}

std::string sync_json(const std::vector<AgentReport>& agents,
                      const collector::parked::Summary& parked) {
  const Counts counts = counts_of(agents);
  std::string out;
  Writer json(out);
  json.begin_object().key("agents");
  write_agents(json, agents);
  json.key("summary").begin_object().key("synced").value(counts.synced);
  json.key("inProgress").value(counts.syncing).key("pending").value(counts.pending);
  write_parked(json, parked);
  json.end_object().end_object();
  return out + "\n";
}

std::string retry_text(const collector::parked::PutBack& done) {
  std::string out = fmt::format("{} events wait to be sent again\n", done.moved);
  if (done.without_room > 0)
    out += fmt::format("{} stay set aside: the buffer is full\n", done.without_room);
  if (done.unreadable > 0)
    out += fmt::format("{} stay set aside: they are no events\n", done.unreadable);
  return out;
}

std::string retry_json(const collector::parked::PutBack& done) {
  std::string out;
  Writer json(out);
  json.begin_object().key("moved").value(done.moved).key("withoutRoom").value(done.without_room);
  json.key("unreadable").value(done.unreadable).end_object();
  return out + "\n";
}

std::string history_text(const std::string& agent, std::span<const BackfillState> states) {
  if (states.empty()) return fmt::format("No backfill history for agent: {}\n", printable(agent));
  std::string out = fmt::format("Backfill status for {}:\n\n", printable(agent));
  for (const BackfillState& state : states) {
    out += fmt::format("File: {}\n  Status: {}\n", printable(state.path),
                       collector::name(state.status));
    out += fmt::format("  Events processed: {}\n  Byte offset: {}\n", state.events, state.offset);
    out += fmt::format("  Started: {}\n", to_rfc3339(state.started_at));
    if (state.completed_at)
      out += fmt::format("  Completed: {}\n", to_rfc3339(*state.completed_at));
    if (!state.error.empty()) out += fmt::format("  Error: {}\n", printable(state.error));
    out += "\n";
  }
  return out;
}

std::string history_json(std::span<const BackfillState> states) {
  std::string out;
  Writer json(out);
  json.begin_array();
  for (const BackfillState& state : states) {
    json.begin_object().key("agent").value(state.agent).key("path").value(state.path);
    json.key("status").value(collector::name(state.status)).key("events").value(state.events);
    json.key("offset").value(state.offset).key("started").value(to_rfc3339(state.started_at));
    if (state.completed_at) json.key("completed").value(to_rfc3339(*state.completed_at));
    if (!state.error.empty()) json.key("error").value(state.error);
    json.end_object();
  }
  json.end_array();
  return out + "\n";
}

}  // namespace app
