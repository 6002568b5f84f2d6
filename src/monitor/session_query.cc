#include "monitor/session_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_set>

#include "base/json_writer.h"
#include "base/utf8.h"

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
    "AND (?6 IS NULL OR project = ?6) ORDER BY last_event_at DESC, rowid DESC LIMIT ?5";

constexpr std::string_view kFindSorted =
    "SELECT s.rowid FROM sessions s LEFT JOIN sightline_session_totals t ON t.session_id = s.id "
    "WHERE (?1 IS NULL OR status = ?1) AND (?2 IS NULL OR status <> ?2) "
    "AND (?3 IS NULL OR agent_type = ?3) AND last_event_at >= ?4 AND (?6 IS NULL OR project = ?6) "
    "ORDER BY {} DESC, last_event_at DESC, s.rowid DESC LIMIT ?5";

constexpr std::string_view kSearch = R"sql(
SELECT s.rowid, e.id FROM events e CROSS JOIN sessions s ON s.id = e.session_id
WHERE e.id > ?5 AND (?2 IS NULL OR s.agent_type = ?2) AND (?3 IS NULL OR s.project = ?3)
  AND (?4 IS NULL OR s.status = ?4)
  AND (e.metadata LIKE ?1 ESCAPE '\' OR e.project LIKE ?1 ESCAPE '\'
    OR e.branch LIKE ?1 ESCAPE '\' OR e.tool_name LIKE ?1 ESCAPE '\'
    OR e.model LIKE ?1 ESCAPE '\')
ORDER BY e.id DESC)sql";

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
      json.value(base::to_utf8(row.text(i)));  // another program may have stored anything
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

const char* column_of(SessionOrder order) {
  switch (order) {
    case SessionOrder::events:
      return "t.events";
    case SessionOrder::tokens:
      return "t.tokens_in + t.tokens_out";
    case SessionOrder::cost:
      return "t.cost_usd";
    case SessionOrder::status:
    case SessionOrder::recent:
      break;
  }
  return "last_event_at";
}

/// For LIKE with \ as its escape.
std::string containing(const std::string& text) {
  std::string pattern = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + "%";
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
                                                 std::int64_t limit, SessionOrder order) {
  std::vector<SessionHandle> found;
  std::string since;
  if (!filter.since.empty()) {
    TRY(const auto datetime, db.text("SELECT datetime(?1)", filter.since));
    if (!datetime) return found;
    since = *datetime;
  }
  std::vector<std::string> queries;
  if (order == SessionOrder::status) {
    for (const std::string_view rank : kRanks)
      queries.push_back(fmt::format(fmt::runtime(kFind), rank));
  } else {
    queries.push_back(fmt::format(fmt::runtime(kFindSorted), column_of(order)));
  }
  for (const std::string& query : queries) {
    TRY(auto rows, db.prepare(query));
    rows.bind(NullIfEmpty{filter.status}, NullIfEmpty{filter.exclude_status},
              NullIfEmpty{filter.agent_type}, since,
              limit - static_cast<std::int64_t>(found.size()), NullIfEmpty{filter.project});
    for (;;) {
      TRY(const bool row, rows.step());
      if (!row) break;
      found.push_back(rows.integer(0));
    }
  }
  return found;
}

Result<SessionMatches> search_sessions(Database& db, const std::string& text,
                                       const SessionFilter& filter, std::int64_t limit,
                                       std::int64_t max_events) {
  TRY(const auto newest, db.integer("SELECT max(id) FROM events"));
  const std::int64_t before = std::max<std::int64_t>(newest.value_or(0) - max_events, 0);
  SessionMatches matches;
  std::unordered_set<SessionHandle> seen;
  TRY(auto rows, db.prepare(kSearch));
  const std::string pattern = containing(text);
  rows.bind(pattern, NullIfEmpty{filter.agent_type}, NullIfEmpty{filter.project},
            NullIfEmpty{filter.status}, before);
  while (static_cast<std::int64_t>(matches.sessions.size()) < limit) {
    TRY(const bool row, rows.step());
    if (!row) {
      TRY(const auto older, db.integer("SELECT 1 FROM events WHERE id <= ?1 LIMIT 1", before));
      matches.is_complete = !older;
      break;
    }
    if (seen.insert(rows.integer(0)).second) matches.sessions.push_back(rows.integer(0));
  }
  return matches;
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
