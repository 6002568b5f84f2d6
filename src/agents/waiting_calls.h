#pragma once

#include <deque>
#include <optional>

#include "agents/log_reader.h"
#include "held_record.h"

namespace agents {

/// Calls of tools whose outcome has not come yet, by their tool_call_id. Past kMaxCalls or
/// kMaxBytes the oldest are given without one.
class WaitingCalls {
 public:
  static constexpr std::size_t kMaxCalls = 256;
  static constexpr std::size_t kMaxBytes = std::size_t{128} << 10;

  /// A second one with the same id is passed over.
  void add(const Record& call, const LogReader::Sink& sink);
  /// The call with this id, which waits no longer.
  std::optional<HeldRecord> take(std::string_view tool_call_id);
  /// All of them, without an outcome, in the order they came.
  void give_all(const LogReader::Sink& sink);

  void save(StateWriter& state) const;
  static WaitingCalls load(StateReader& state);

 private:
  void give_oldest(const LogReader::Sink& sink);
  std::deque<HeldRecord>::iterator find(std::string_view tool_call_id);

  std::deque<HeldRecord> calls_;
  std::size_t bytes_ = 0;
};

}  // namespace agents
