#include "session_table.h"

#include "base/json_writer.h"

namespace monitor {
namespace {

using base::Result;
using store::Database;
using store::NullIfEmpty;

constexpr std::string_view kFindSession =
    "SELECT agent_id, agent_type, project, branch, status, ended_at FROM sessions WHERE id = ?1";
constexpr std::string_view kUpsertSession =
    "INSERT INTO sessions(id, agent_id, agent_type, project, branch, status, started_at, ended_at, "
    "last_event_at, metadata) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?7, ?9) "
    "ON CONFLICT(id) DO UPDATE SET project = excluded.project, branch = excluded.branch, "
    "status = excluded.status, ended_at = excluded.ended_at, last_event_at = "
    "excluded.last_event_at";
constexpr std::string_view kUpsertAgent =
    "INSERT INTO agents(id, agent_type, registered_at, last_seen_at) VALUES(?1, ?2, ?3, ?3) "
    "ON CONFLICT(id) DO UPDATE SET last_seen_at = excluded.last_seen_at";

std::string session_metadata(const Event& event) {
  std::string metadata;
  base::json::Writer json(metadata);
  json.begin_object();
  const auto add = [&json](std::string_view name, const std::string& text) {
    if (!text.empty()) json.key(name).value(text);
  };
  add("parent_session_id", event.parent_session_id);
  add("machine", event.machine);
  add("workspace", event.workspace);
  json.end_object();
  return metadata;
}

}  // namespace

Result<SessionTable::Session*> SessionTable::find(Database& db, const std::string& id) {
  if (const auto known = sessions_.find(id); known != sessions_.end()) return &known->second;
  Session session;
  TRY(auto stored, db.prepare(kFindSession));
  TRY(const bool row, stored.bind(id).step());
  if (row) {
    session = {std::string(stored.text(0)),
               std::string(stored.text(1)),
               std::string(stored.text(2)),
               std::string(stored.text(3)),
               std::string(stored.text(4)),
               std::string(stored.text(5)),
               "{}",
               true,
               false};
  }
  // References into the map stay valid while it grows; it is emptied only between groups.
  return &sessions_.emplace(id, std::move(session)).first->second;
}

void SessionTable::touch(const std::string& id, Session& session, const Event& event) {
  std::string agent_id = event.agent_type + "-default";
  if (!session.is_stored) {
    session.agent_type = event.agent_type;
    session.agent_id = agent_id;
    session.is_stored = true;
    session.metadata = session_metadata(event);
  }
  agents_.try_emplace(std::move(agent_id), event.agent_type);
  session.status = "active";
  session.ended_at.clear();
  if (session.is_dirty) return;
  session.is_dirty = true;
  const auto entry = sessions_.find(id);
  dirty_.emplace_back(&entry->first, &entry->second);
}

Result<void> SessionTable::flush(Database& db, const std::string& now) {
  for (const auto& [id, type] : agents_) TRY_OK(db.run(kUpsertAgent, id, type, now));
  agents_.clear();
  for (auto [id, session] : dirty_) {
    const Session& s = *session;
    TRY_OK(db.run(kUpsertSession, *id, s.agent_id, s.agent_type, NullIfEmpty{s.project},
                  NullIfEmpty{s.branch}, s.status, now, NullIfEmpty{s.ended_at}, s.metadata));
    session->is_dirty = false;
  }
  dirty_.clear();
  if (sessions_.size() > kMaxKnown) sessions_.clear();
  return {};
}

void SessionTable::forget() {
  sessions_.clear();
  dirty_.clear();
  agents_.clear();
}

}  // namespace monitor
