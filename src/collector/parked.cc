#include "collector/parked.h"

#include <algorithm>
#include <vector>

#include "base/json_reader.h"
#include "collector/event.h"

namespace collector::parked {

using base::Result;
using store::Database;

namespace {

constexpr std::string_view kMove =
    "INSERT INTO events(event_id, timestamp, agent_id, session_id, project_id, data, created_at) "
    "SELECT event_id, ?2, ?3, ?4, ?5, data, ?6 FROM sightline_parked WHERE id = ?1";

Result<bool> is_there(Database& db) {
  TRY(const auto table, db.integer("SELECT 1 FROM sqlite_master WHERE name = 'sightline_parked'"));
  return table.has_value();
}

std::int64_t seconds_of(base::Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

Result<std::vector<std::int64_t>> rows_of(Database& db) {
  std::vector<std::int64_t> found;
  TRY(store::Statement rows, db.prepare("SELECT id FROM sightline_parked ORDER BY id"));
  for (;;) {
    TRY(const bool more, rows.step());
    if (!more) return found;
    found.push_back(rows.integer(0));
  }
}

/// Nothing when the row holds none.
Result<std::optional<AgentEvent>> event_in(Database& db, std::int64_t row) {
  TRY(const auto text, db.text("SELECT data FROM sightline_parked WHERE id = ?1", row));
  base::json::Document document;
  const auto json = document.parse(text.value_or(""));
  if (!json) return std::optional<AgentEvent>{};
  auto event = parse_event(*json);
  if (!event) return std::optional<AgentEvent>{};
  return std::optional<AgentEvent>(std::move(*event));
}

}  // namespace

Result<Summary> summary(Database& db) {
  Summary found;
  TRY(const bool has_any, is_there(db));
  if (!has_any) return found;
  TRY(const auto count, db.integer("SELECT count(*) FROM sightline_parked"));
  TRY(auto reason, db.text("SELECT reason FROM sightline_parked ORDER BY id DESC LIMIT 1"));
  found.count = count.value_or(0);
  found.last_reason = std::move(reason).value_or("");
  return found;
}

Result<PutBack> put_back(Database& db, std::int64_t capacity, base::Time now) {
  PutBack done;
  TRY(const bool has_any, is_there(db));
  if (!has_any) return done;
  TRY(auto transaction, db.begin());
  TRY(const auto waiting, db.integer("SELECT count(*) FROM events"));
  TRY(const auto newest, db.integer("SELECT max(created_at) FROM events"));
  TRY(const auto rows, rows_of(db));
  const std::int64_t behind = std::max(newest.value_or(0), seconds_of(now));
  std::int64_t room = capacity - waiting.value_or(0);
  for (const std::int64_t row : rows) {
    TRY(const auto event, event_in(db, row));
    if (!event) {
      ++done.unreadable;
      continue;
    }
    if (room <= 0) {
      ++done.without_room;
      continue;
    }
    TRY_OK(db.run(kMove, row, seconds_of(event->timestamp), event->agent_id, event->session_id,
                  std::to_string(event->project_id), behind));
    TRY_OK(db.run("DELETE FROM sightline_parked WHERE id = ?1", row));
    ++done.moved;
    --room;
  }
  TRY_OK(transaction.commit());
  return done;
}

}  // namespace collector::parked
