#include "monitor/logged_sessions.h"

namespace monitor {

void LoggedSessions::add(const std::string& session_id) {
  const base::MutexLock lock(mutex_);
  if (!sessions_.insert(session_id).second) return;
  order_.push_back(session_id);
  if (order_.size() <= kMaxSessions) return;
  sessions_.erase(order_.front());
  order_.pop_front();
}

bool LoggedSessions::contains(const std::string& session_id) {
  const base::MutexLock lock(mutex_);
  return sessions_.contains(session_id);
}

}  // namespace monitor
