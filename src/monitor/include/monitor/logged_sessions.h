#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_set>

#include "base/mutex.h"

namespace monitor {

/// The sessions whose logs have told tokens or cost, so that metrics which repeat them are not
/// counted again.
///
/// Remembers the newest kMaxSessions, in memory. Thread: any.
class LoggedSessions {
 public:
  static constexpr std::size_t kMaxSessions = 16'384;

  void add(const std::string& session_id);
  bool contains(const std::string& session_id);

 private:
  base::Mutex mutex_;
  std::unordered_set<std::string> sessions_ GUARDED_BY(mutex_);
  std::deque<std::string> order_ GUARDED_BY(mutex_);
};

}  // namespace monitor
