#include "monitor/session_query.h"

#include <fmt/format.h>

#include <array>

#include "base/json_writer.h"

namespace monitor {
namespace {

using base::Result;
using base::json::Writer;
using store::Database;
using store::NullIfEmpty;
using store::Statement;

// In the order of the list. Each has an index: the first two that on the status, the others
// sightline_past_sessions, whose condition they repeat.
constexpr std::array<std::string_view, 3> kRanks = {"status = 'active'", "status = 'idle'",
                                                    "status <> 'active' AND status <> 'idle'"};

constexpr std::string_view kFind =
    "SELECT rowid FROM sessions WHERE {} AND (?1 IS NULL OR status = ?1) "
    "AND (?2 IS NULL OR status <> ?2) AND (?3 IS NULL OR agent_type = ?3) AND last_event_at >= ?4 "
    "ORDER BY last_event_at DESC, rowid DESC LIMIT ?5";

constexpr std::string_view kRow =
    "SELECT s.id, s.agent_id, s.agent_type, s.project, s.branch, s.status, s.started_at, "
    "s.last_event_at, s.ended_at, s.metadata, t.events, t.tokens_in, t.tokens_out, t.cost_usd, "
    "t.files_edited, t.lines_added, t.lines_removed "
    "FROM sessions s LEFT JOIN sightline_session_totals t ON t.session_id = s.id WHERE ";
constexpr std::array<std::string_view, 10> kTexts = {
    "id",     "agent_id",   "agent_type",    "project",  "branch",
    "status", "started_at", "last_event_at", "ended_at", "metadata"};
constexpr int kSums = static_cast<int>(kTexts.size());  // the first column behind them

void append_row(std::string& out, const Statement& row) {
  Writer json(out);
  json.begin_object();
  for (int i = 0; i < kSums; ++i) {
    json.key(kTexts[static_cast<std::size_t>(i)]);
    if (row.is_null(i)) {
      json.null();
    } else {
      json.value(row.text(i));
    }
  }
  json.key("event_count").value(row.integer(kSums));
  json.key("tokens_in").value(row.integer(kSums + 1));
  json.key("tokens_out").value(row.integer(kSums + 2));
  json.key("total_cost_usd").value(row.real(kSums + 3));
  json.key("files_edited").value(row.integer(kSums + 4));
  json.key("lines_added").value(row.integer(kSums + 5));
  json.key("lines_removed").value(row.integer(kSums + 6)).end_object();
}

/// The first column of all rows, in a JSON array.
Result<void> write_texts(Database& db, Writer& json, std::string_view key, std::string_view sql) {
  json.key(key).begin_array();
  TRY(auto rows, db.prepare(sql));
  for (;;) {
    TRY(const bool row, rows.step());
    if (!row) break;
    json.value(rows.text(0));
  }
  json.end_array();
  return {};
}

Result<void> write_branches(Database& db, Writer& json) {
  json.key("branches").begin_array();
  // The project is that of the row with the maximum.
  TRY(auto rows, db.prepare("SELECT branch, project, max(last_event_at) FROM sessions "
                            "WHERE branch IS NOT NULL AND branch <> 'HEAD' "
                            "GROUP BY branch ORDER BY 3 DESC, branch"));
  for (;;) {
    TRY(const bool row, rows.step());
    if (!row) break;
    const std::string branch(rows.text(0)), project(rows.text(1));
    json.begin_object().key("value").value(branch);
    json.key("label").value(project.empty() ? branch : project + " / " + branch).end_object();
  }
  json.end_array();
  return {};
}

}  // namespace

Result<std::vector<SessionHandle>> find_sessions(Database& db, const SessionFilter& filter,
                                                 std::int64_t limit) {
  std::vector<SessionHandle> found;
  std::string since;
  if (!filter.since.empty()) {
    TRY(const auto datetime, db.text("SELECT datetime(?1)", filter.since));
    if (!datetime) return found;
    since = *datetime;
  }
  for (const std::string_view rank : kRanks) {
    TRY(auto rows, db.prepare(fmt::format(fmt::runtime(kFind), rank)));
    rows.bind(NullIfEmpty{filter.status}, NullIfEmpty{filter.exclude_status},
              NullIfEmpty{filter.agent_type}, since,
              limit - static_cast<std::int64_t>(found.size()));
    for (;;) {
      TRY(const bool row, rows.step());
      if (!row) break;
      found.push_back(rows.integer(0));
    }
  }
  return found;
}

Result<SessionRows> read_sessions(Database& db, std::span<const SessionHandle> sessions) {
  SessionRows page;
  const std::string sql = std::string(kRow) + "s.rowid = ?1";
  for (const SessionHandle session : sessions) {
    TRY(auto row, db.prepare(sql));
    TRY(const bool found, row.bind(session).step());
    if (!found) continue;
    if (page.count++ > 0) page.rows += ',';
    append_row(page.rows, row);
  }
  return page;
}

Result<std::optional<std::string>> read_session(Database& db, const std::string& id) {
  TRY(auto row, db.prepare(std::string(kRow) + "s.id = ?1"));
  TRY(const bool found, row.bind(id).step());
  if (!found) return std::optional<std::string>();
  std::string json;
  append_row(json, row);
  return std::optional(std::move(json));
}

Result<std::string> read_filter_options(Database& db) {
  std::string out;
  Writer json(out);
  json.begin_object();
  // What occurs in events is what occurs in kinds.
  constexpr std::array<std::array<std::string_view, 2>, 5> kLists = {{
      {"agent_types", "agent_type"},
      {"event_types", "event_type"},
      {"tool_names", "tool_name"},
      {"models", "model"},
      {"sources", "source"},
  }};
  const auto write_list = [&](std::size_t i) {
    return write_texts(db, json, kLists[i][0],
                       fmt::format("SELECT DISTINCT {0} FROM sightline_kinds WHERE {0} <> '' "
                                   "ORDER BY 1",
                                   kLists[i][1]));
  };
  for (std::size_t i = 0; i < 4; ++i) TRY_OK(write_list(i));
  TRY_OK(write_texts(
      db, json, "projects",
      "SELECT DISTINCT project FROM sessions WHERE project IS NOT NULL ORDER BY project"));
  TRY_OK(write_branches(db, json));
  TRY_OK(write_list(4));
  json.end_object();
  return out;
}

}  // namespace monitor
