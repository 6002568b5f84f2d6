#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

/// Long-running tasks and their events: docs/api.md, "Tasks".
namespace tasks {

enum class Status : std::uint8_t {
  pending,    // made, nobody works on it
  assigned,   // a worker has taken it
  running,    // being worked on
  paused,     // waits for somebody to go on with it
  blocked,    // waits for an answer, or for a moment
  completed,  // terminal, as are all that follow
  failed,
  timeout,
  cancelled,
};
enum class Level : std::uint8_t { debug, info, warn, error };
enum class SeriesMode : std::uint8_t { keep_all, accumulate, latest };
enum class AssignMode : std::uint8_t { external, pull, ws_offer, ws_race };
enum class DisconnectPolicy : std::uint8_t { reassign, mark, fail };

/// As they stand on the wire: `keep-all`, `ws-offer`.
std::string_view name(Status status);
std::string_view name(Level level);
std::string_view name(SeriesMode mode);
std::string_view name(AssignMode mode);
std::string_view name(DisconnectPolicy policy);
std::optional<Status> parse_status(std::string_view text);
std::optional<Level> parse_level(std::string_view text);
std::optional<SeriesMode> parse_series_mode(std::string_view text);
std::optional<AssignMode> parse_assign_mode(std::string_view text);
std::optional<DisconnectPolicy> parse_disconnect_policy(std::string_view text);

inline bool is_terminal(Status status) { return status >= Status::completed; }
inline bool is_suspended(Status status) {
  return status == Status::paused || status == Status::blocked;
}

/// A value of any kind as compact JSON; empty where there is none.
using Json = std::string;

struct Task {
  std::string id;
  Status status = Status::pending;
  std::optional<std::string> type;
  Json params, metadata;  // objects
  Json result;            // object
  Json error;             // {code?, message, details?}
  base::Time created_at{}, updated_at{};
  std::optional<base::Time> completed_at;
  std::optional<std::int64_t> ttl;  // seconds it may take
  Json auth_config, webhooks, cleanup;
  Json tags;  // array of strings
  std::optional<AssignMode> assign_mode;
  std::optional<std::int64_t> cost;  // slots of a worker
  std::optional<std::string> assigned_worker;
  std::optional<DisconnectPolicy> disconnect_policy;
  std::optional<std::string> reason;    // of a suspension
  std::optional<base::Time> resume_at;  // of a suspension
  Json blocked_request;                 // {type, data}
  Json extra;  // an object: members of an imported task that no task has here

  /// When it times out; not shown to clients.
  std::optional<base::Time> deadline;
};

/// What a publisher says of an event.
struct NewEvent {
  std::string type;
  Level level = Level::info;
  Json data = "null";
  std::optional<std::string> series_id;
  std::optional<SeriesMode> series_mode;
  std::optional<std::string> series_field;  // the member of `data` that accumulates
  std::optional<std::string> client_id;     // a publisher that numbers what it sends
  std::optional<std::int64_t> client_seq;

  /// The mode that has an effect: a mode without an id has none, nor an id without a mode.
  SeriesMode effective_mode() const {
    return series_id && series_mode ? *series_mode : SeriesMode::keep_all;
  }
  std::string_view effective_field() const {
    return series_field ? std::string_view(*series_field) : "delta";
  }
};

/// An event of a task, as it is stored. Indexes rise from 0 within a task and are never used again;
/// a `latest` series keeps only its newest event, so there may be holes.
struct Event : NewEvent {
  std::string id;  // ULID, unless it was imported
  std::int64_t index = 0;
  base::Time timestamp{};
};

inline constexpr std::string_view kStatusEvent = "taskcast:status";
inline constexpr std::string_view kBlockedEvent = "taskcast:blocked";
inline constexpr std::string_view kResolvedEvent = "taskcast:resolved";

}  // namespace tasks
