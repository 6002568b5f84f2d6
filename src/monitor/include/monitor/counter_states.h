#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/mutex.h"

namespace monitor {

/// The last value of each cumulative counter, to turn totals into what was added.
///
/// In memory: after a restart the first total of a counter counts in full. Remembers kMaxCounters;
/// of more, the one that has been silent for longest is forgotten, and counts in full if it comes
/// back. Thread: any.
class CounterStates {
 public:
  static constexpr std::size_t kMaxCounters = 16'384;

  /// Stands for the texts that name a counter; so long names cost no memory.
  struct Key {
    std::array<std::uint64_t, 2> digest;
    bool operator==(const Key&) const = default;
  };
  static Key key(std::span<const std::string_view> names);

  struct Taken {
    Key key;
    double amount;
  };

  /// What was added since the last total, never negative: all of it at first sight, 0 when the
  /// counter has not risen. A lower total is one that began anew; the next counts from there.
  double take(const Key& key, double total);

  /// What was taken has not been stored: it is added to what is taken next.
  void give_back(std::span<const Taken> taken);

 private:
  struct State {
    Key key;
    double total = 0;
    double owed = 0;  // given back
  };
  struct Hash {
    std::size_t operator()(const Key& key) const { return key.digest[0]; }
  };
  using States = std::list<State>;

  base::Mutex mutex_;
  States states_ GUARDED_BY(mutex_);  // the most recently used first
  std::unordered_map<Key, States::iterator, Hash> by_key_ GUARDED_BY(mutex_);
};

}  // namespace monitor
