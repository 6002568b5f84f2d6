#include "monitor/counter_states.h"

#include <algorithm>

namespace monitor {

CounterStates::Key CounterStates::key(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names)
    text.append(std::to_string(name.size())).append(":").append(name);
  const std::hash<std::string> hash;
  const std::uint64_t first = hash(text);
  text.append("#2").append(std::to_string(first));
  return {{first, hash(text)}};
}

double CounterStates::take(const Key& key, double total) {
  const base::MutexLock lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    State& state = *found->second;
    const double added = std::max(0.0, total - state.total) + state.owed;
    state.total = total;
    state.owed = 0;
    states_.splice(states_.begin(), states_, found->second);
    return added;
  }
  if (by_key_.size() == kMaxCounters) {
    by_key_.erase(states_.back().key);
    states_.pop_back();
  }
  states_.push_front({key, total, 0});
  by_key_.emplace(key, states_.begin());
  return std::max(0.0, total);
}

void CounterStates::give_back(std::span<const Taken> taken) {
  const base::MutexLock lock(mutex_);
  for (const Taken& one : taken)
    if (const auto found = by_key_.find(one.key); found != by_key_.end())
      found->second->owed += one.amount;
}

}  // namespace monitor
