#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "monitor/event.h"
#include "store/sqlite.h"

namespace monitor {

/// The session whose use an event tells: telemetry counts sub-agents of Claude Code as their
/// parent.
const std::string& told_session(const Event& event);

/// Whether the use that this event of a log tells is told by telemetry, and so not by the event.
base::Result<bool> is_told_by_telemetry(store::Database& db, const Event& event);

/// Who tells the tokens and the cost of a session, where two can: an agent's telemetry and its log
/// tell the same use. The first that told any is believed, for good.
///
/// Thread: the ledger writer's.
class UsageTellers {
 public:
  /// `event` without its tokens and its cost when its session's use is told by another; nothing:
  /// it counts as it is.
  base::Result<std::optional<Event>> without_repeated_use(store::Database& db, const Event& event);

  /// The table has been changed by somebody else, or a transaction is gone.
  void forget() { known_.clear(); }

 private:
  enum class Teller : std::uint8_t { telemetry, log };

  base::Result<Teller> teller_of(store::Database& db, const std::string& session_id, Teller asking);

  static constexpr std::size_t kMaxKnown = 4096;
  std::unordered_map<std::string, Teller> known_;
};

}  // namespace monitor
