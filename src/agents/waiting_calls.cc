#include "waiting_calls.h"

#include <algorithm>

namespace agents {

void WaitingCalls::add(const Record& call, const LogReader::Sink& sink) {
  if (find(call.tool_call_id) != calls_.end()) return;
  calls_.emplace_back(call);
  bytes_ += calls_.back().bytes();
  while (calls_.size() > kMaxCalls || bytes_ > kMaxBytes) give_oldest(sink);
}

std::optional<HeldRecord> WaitingCalls::take(std::string_view tool_call_id) {
  const auto found = find(tool_call_id);
  if (found == calls_.end()) return std::nullopt;
  HeldRecord call = std::move(*found);
  calls_.erase(found);
  bytes_ -= call.bytes();
  return call;
}

void WaitingCalls::give_all(const LogReader::Sink& sink) {
  while (!calls_.empty()) give_oldest(sink);
}

void WaitingCalls::give_oldest(const LogReader::Sink& sink) {
  const HeldRecord call = std::move(calls_.front());
  calls_.pop_front();
  bytes_ -= call.bytes();
  sink(call.view());
}

std::deque<HeldRecord>::iterator WaitingCalls::find(std::string_view tool_call_id) {
  // A held id is cut as any name is.
  const std::string id = to_name(tool_call_id);
  return std::find_if(calls_.begin(), calls_.end(), [&id](const HeldRecord& call) {
    return call.text_of(&Record::tool_call_id) == id;
  });
}

void WaitingCalls::save(StateWriter& state) const {
  state.number(static_cast<std::int64_t>(calls_.size()));
  for (const HeldRecord& call : calls_) call.save(state);
}

WaitingCalls WaitingCalls::load(StateReader& state) {
  WaitingCalls waiting;
  const std::int64_t count = state.number();
  for (std::int64_t i = 0; i < count && state.ok(); ++i) {
    waiting.calls_.push_back(HeldRecord::load(state));
    waiting.bytes_ += waiting.calls_.back().bytes();
  }
  return waiting;
}

}  // namespace agents
