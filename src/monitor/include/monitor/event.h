#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace monitor {

enum class EventType : std::uint8_t {
  tool_use,
  session_start,
  session_end,
  error,
  llm_request,
  llm_response,
  response,
  file_change,
  git_commit,
  plan_step,
  user_prompt,
  instruction_load,  // of AgentMonitor's later version
};
enum class EventStatus : std::uint8_t { success, error, timeout };

std::string_view name(EventType type);
std::string_view name(EventStatus status);
std::optional<EventType> parse_event_type(std::string_view text);
std::optional<EventStatus> parse_event_status(std::string_view text);

/// One thing an agent did, validated, as it is to be stored. An empty text means: not given.
struct Event {
  std::string event_id;  // the sender's; unique
  std::string session_id;
  std::string agent_type;
  EventType event_type = EventType::tool_use;
  EventStatus status = EventStatus::success;
  std::string tool_name;
  std::string branch;
  std::string project;
  std::string model;
  std::string source = "api";
  std::string client_timestamp;  // ISO with milliseconds, UTC; raw when imported
  std::string metadata = "{}";   // JSON text, cut to the limit
  std::int64_t tokens_in = 0;
  std::int64_t tokens_out = 0;
  std::int64_t cache_read_tokens = 0;
  std::int64_t cache_write_tokens = 0;
  std::int64_t duration_ms = 0;  // 0 is stored as null
  std::optional<double> cost_usd;
  bool payload_truncated = false;

  // What the sender's log knows beyond the fields of the contract; see docs/formats.md.
  std::int64_t cache_write_1h_tokens = 0;  // of cache_write_tokens, those kept for an hour
  std::int64_t reasoning_tokens = 0;       // of tokens_out
  bool input_includes_cache = false;       // tokens_in counts cache_read_tokens too
  std::string usage_key;           // the provider's message: its tokens count once, however many
                                   // events carry it
  std::string parent_session_id;   // of a sub-agent's session
  bool repeats_log = false;        // telemetry of what the agent's own log tells, too
  std::string machine, workspace;  // where its session runs: a host, a folder
};

/// Where an event comes from, as far as it matters; senders may name any other source.
inline constexpr std::string_view kImportSource = "import";        // a log, read as history
inline constexpr std::string_view kLogSource = "log";              // a log, read as it grew
inline constexpr std::string_view kCollectorSource = "collector";  // another machine's collector

/// Whether the event came out of an agent's log by an import, not from a client that says so.
inline bool is_imported(std::string_view source, std::string_view event_id) {
  return source == kImportSource && event_id.starts_with("import-");
}

/// Whether this program has read it in an agent's log, as history or as it grew.
inline bool is_of_log(std::string_view source, std::string_view event_id) {
  return (source == kImportSource || source == kLogSource) && event_id.starts_with("import-");
}

/// Whether such events may tell of sessions that ended long ago.
inline bool may_be_history(std::string_view source) {
  return source == kImportSource || source == kLogSource || source == kCollectorSource;
}

}  // namespace monitor
