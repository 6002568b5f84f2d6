#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "monitor/event.h"
#include "store/sqlite.h"

namespace monitor {

/// The sessions and agents that the ledger writes to, remembered from group to group, so that a
/// group writes each of them once. Thread: the ledger writer's, which is their only writer.
class SessionTable {
 public:
  struct Session {
    std::string agent_id, agent_type;  // of its first event
    std::string project, branch;       // empty: null
    std::string status = "active";
    std::string ended_at;         // empty: null
    std::string metadata = "{}";  // of a new one; what is stored stays
    bool is_stored = false;       // there is, or will be with this group, a row
    bool is_dirty = false;
  };

  /// The session as it is, or a new one that is stored only once it is dirty.
  base::Result<Session*> find(store::Database& db, const std::string& id);

  /// An event of the session has been stored; what that does to session and agent.
  void touch(const std::string& id, Session& session, const Event& event);

  /// Writes what was touched; `now` is the time of the group.
  base::Result<void> flush(store::Database& db, const std::string& now);

  /// The tables have been changed by somebody else, or a transaction is gone.
  void forget();

 private:
  static constexpr std::size_t kMaxKnown = 4096;
  std::unordered_map<std::string, Session> sessions_;
  std::vector<std::pair<const std::string*, Session*>> dirty_;
  std::unordered_map<std::string, std::string> agents_;  // id to type, of this group
};

}  // namespace monitor
