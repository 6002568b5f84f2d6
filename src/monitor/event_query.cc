#include "monitor/event_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>
#include <vector>

#include "monitor/event_row.h"

// Two ways to a page, both ordered by time:
//   scan    walks the index on created_at and tests each row: good where most rows match
//   merge   walks sightline_kind_events of each matching kind: good where few match
// The totals tell how dense the matches are, so the cheaper one is known beforehand.

namespace monitor {
namespace {

using base::Result;
using store::Database;
using store::Statement;

constexpr std::int64_t kScanRows = 1000;    // a scan of so many rows is cheap enough
constexpr std::size_t kMergedKinds = 500;   // a merge of more kinds, or of
constexpr std::int64_t kMergedRows = 5000;  // longer pages, is not

struct Range {
  std::optional<std::string> since, until;                  // as datetimes
  std::int64_t since_at = INT64_MIN, until_at = INT64_MAX;  // in seconds, inclusive
  bool is_empty = false;                                    // a limit that is no date
};

Result<std::optional<std::string>> to_datetime(Database& db, const std::string& text) {
  return db.text("SELECT datetime(?1)", text);
}

Result<std::int64_t> to_seconds(Database& db, const std::string& datetime) {
  TRY(const auto at, db.integer("SELECT CAST(strftime('%s', ?1) AS INTEGER)", datetime));
  return at.value_or(0);
}

Result<Range> range_of(Database& db, const EventFilter& filter) {
  Range range;
  if (!filter.since.empty()) {
    TRY(range.since, to_datetime(db, filter.since));
    if (range.since) {
      TRY(range.since_at, to_seconds(db, *range.since));
    } else {
      range.is_empty = true;
    }
  }
  if (!filter.until.empty()) {
    TRY(range.until, to_datetime(db, filter.until));
    if (range.until) {
      TRY(range.until_at, to_seconds(db, *range.until));
    } else {
      range.is_empty = true;
    }
  }
  return range;
}

/// Conditions with their values, numbered from ?1.
class Where {
 public:
  using Value = std::variant<std::string, std::int64_t>;

  void equal(std::string_view column, const std::string& value) {
    if (!value.empty()) add(fmt::format("{} = {}", column, next(value)));
  }
  void compare(std::string_view column_and_operator, Value value) {
    add(fmt::format("{} {}", column_and_operator, next(std::move(value))));
  }
  /// Rows behind `position`, newest first.
  void behind(const EventPosition& position) {
    const std::string at = next(position.created_at);
    add(fmt::format("(created_at, id) < ({}, {})", at, next(position.id)));
  }

  std::string next(Value value) {
    values_.push_back(std::move(value));
    return fmt::format("?{}", values_.size());
  }
  const std::string& text() const { return text_; }
  void bind(Statement& statement) const {
    int index = 0;
    for (const Value& value : values_)
      std::visit([&](const auto& v) { statement.bind_one(++index, v); }, value);
  }

 private:
  void add(const std::string& condition) {
    text_ += text_.empty() ? " WHERE " : " AND ";
    text_ += condition;
  }
  std::string text_;
  std::vector<Value> values_;
};

Where event_conditions(const EventFilter& filter, const Range& range) {
  Where where;
  where.equal("session_id", filter.session_id);
  where.equal("agent_type", filter.agent_type);
  where.equal("event_type", filter.event_type);
  where.equal("tool_name", filter.tool_name);
  where.equal("branch", filter.branch);
  where.equal("model", filter.model);
  where.equal("source", filter.source);
  if (range.since) where.compare("created_at >=", *range.since);
  if (range.until) where.compare("created_at <=", *range.until);
  return where;
}

struct Kinds {
  std::vector<std::int64_t> ids;  // that match
  std::int64_t matching = 0;      // events of these, at any time
  std::int64_t all = 0;           // events in the ledger
};

Where kind_conditions(const EventFilter& filter) {
  Where where;
  where.equal("k.agent_type", filter.agent_type);
  where.equal("k.event_type", filter.event_type);
  where.equal("k.tool_name", filter.tool_name);
  where.equal("k.branch", filter.branch);
  where.equal("k.model", filter.model);
  where.equal("k.source", filter.source);
  return where;
}

Result<Kinds> kinds_of(Database& db, const EventFilter& filter) {
  const Where where = kind_conditions(filter);
  Kinds kinds;
  TRY(const auto all, db.integer("SELECT sum(events) FROM sightline_totals"));
  kinds.all = all.value_or(0);
  TRY(auto rows, db.prepare("SELECT t.kind, t.events FROM sightline_totals t "
                            "JOIN sightline_kinds k ON k.id = t.kind" +
                            where.text()));
  where.bind(rows);
  for (;;) {
    TRY(const bool row, rows.step());
    if (!row) return kinds;
    kinds.ids.push_back(rows.integer(0));
    kinds.matching += rows.integer(1);
  }
}

/// Events of `kinds` in the seconds from `since` to `until`.
Result<std::int64_t> count_edge(Database& db, const Kinds& kinds, std::int64_t since,
                                std::int64_t until) {
  std::int64_t count = 0;
  if (since > until) return count;
  for (const std::int64_t kind : kinds.ids) {
    TRY(const auto of_kind, db.integer("SELECT count(*) FROM sightline_kind_events "
                                       "WHERE kind = ?1 AND at BETWEEN ?2 AND ?3",
                                       kind, since, until));
    count += of_kind.value_or(0);
  }
  return count;
}

/// Events of the matching kinds in the hours from `first` to before `end`.
Result<std::int64_t> count_hours(Database& db, const EventFilter& filter, std::int64_t first,
                                 std::int64_t end) {
  Where where = kind_conditions(filter);
  // One pass over the hours, whatever the number of kinds: CROSS keeps SQLite from turning it
  // round.
  const std::string_view kinds =
      where.text().empty() ? "" : " CROSS JOIN sightline_kinds k ON k.id = t.kind";
  where.compare("t.hour >=", first);
  where.compare("t.hour <", end);
  TRY(auto rows, db.prepare(fmt::format("SELECT sum(t.events) FROM sightline_hour_totals t{}{}",
                                        kinds, where.text())));
  where.bind(rows);
  TRY_OK(rows.step());
  return rows.integer(0);
}

/// Matching events of a time: whole hours from the totals, the edges from the index.
Result<std::int64_t> count_range(Database& db, const EventFilter& filter, const Kinds& kinds,
                                 const Range& range) {
  constexpr std::int64_t kFar = std::int64_t{1} << 40;  // seconds; past every date
  const std::int64_t since = std::max(range.since_at, -kFar),
                     until = std::min(range.until_at, kFar);
  const auto floor_hour = [](std::int64_t at) { return (at >= 0 ? at : at - 3599) / 3600; };
  const std::int64_t first_whole = floor_hour(since + 3599), end_whole = floor_hour(until + 1);
  if (first_whole >= end_whole) return count_edge(db, kinds, since, until);
  std::int64_t before = 0, after = 0;  // nothing, where there is no limit
  if (range.since) {
    TRY(before, count_edge(db, kinds, since, first_whole * 3600 - 1));
  }
  if (range.until) {
    TRY(after, count_edge(db, kinds, end_whole * 3600, until));
  }
  TRY(const std::int64_t whole, count_hours(db, filter, first_whole, end_whole));
  return before + whole + after;
}

void take_row(EventPage& page, const Statement& row) {
  const EventRow event = to_row(row);
  if (page.count++ > 0) page.rows += ',';
  append_json(page.rows, event);
  page.end = EventPosition{std::string(event.created_at), event.id};
}

/// Walks rows in order and tests them; SQLite takes the index on the session or the one on time.
Result<EventPage> scan(Database& db, Where where, const std::optional<EventPosition>& after,
                       std::int64_t offset, std::int64_t limit) {
  if (after) where.behind(*after);
  const std::string sql =
      fmt::format("SELECT {} FROM events{} ORDER BY created_at DESC, id DESC LIMIT {} OFFSET {}",
                  kEventRowColumns, where.text(), where.next(limit), where.next(offset));
  TRY(auto rows, db.prepare(sql));
  where.bind(rows);
  EventPage page;
  for (;;) {
    TRY(const bool row, rows.step());
    if (!row) return page;
    take_row(page, rows);
  }
}

/// Takes the newest rows of each kind, and of these the newest.
Result<EventPage> merge(Database& db, const std::vector<std::int64_t>& kinds, const Range& range,
                        const std::optional<EventPosition>& after, std::int64_t offset,
                        std::int64_t limit) {
  std::int64_t before_at = INT64_MAX, before_id = INT64_MAX;
  if (after) {
    TRY(before_at, to_seconds(db, after->created_at));
    before_id = after->id;
  }
  using Entry = std::pair<std::int64_t, std::int64_t>;  // at, id
  std::vector<Entry> newest;
  for (const std::int64_t kind : kinds) {
    TRY(auto rows, db.prepare("SELECT at, id FROM sightline_kind_events WHERE kind = ?1 "
                              "AND at BETWEEN ?2 AND ?3 AND (at, id) < (?4, ?5) "
                              "ORDER BY at DESC, id DESC LIMIT ?6"));
    rows.bind(kind, range.since_at, range.until_at, before_at, before_id, offset + limit);
    for (;;) {
      TRY(const bool row, rows.step());
      if (!row) break;
      newest.emplace_back(rows.integer(0), rows.integer(1));
    }
  }
  std::sort(newest.begin(), newest.end(), std::greater<>());
  EventPage page;
  const std::string sql = fmt::format("SELECT {} FROM events WHERE id = ?1", kEventRowColumns);
  for (std::size_t i = static_cast<std::size_t>(offset);
       i < newest.size() && page.count < static_cast<std::size_t>(limit); ++i) {
    TRY(auto event, db.prepare(sql));
    TRY(const bool row, event.bind(newest[i].second).step());
    if (row) take_row(page, event);
  }
  return page;
}

bool filters_by_kind(const EventFilter& f) {
  return !(f.agent_type.empty() && f.event_type.empty() && f.tool_name.empty() &&
           f.branch.empty() && f.model.empty() && f.source.empty());
}

}  // namespace

Result<EventPage> read_events(Database& db, const EventFilter& filter,
                              const std::optional<EventPosition>& after, std::int64_t offset,
                              std::int64_t limit) {
  TRY(const Range range, range_of(db, filter));
  if (range.is_empty || limit <= 0) return EventPage{};
  if (filter.session_id.empty() && filters_by_kind(filter)) {
    TRY(const Kinds kinds, kinds_of(db, filter));
    if (kinds.matching == 0) return EventPage{};
    const bool is_short = offset < kMergedRows && limit < kMergedRows;
    const double expected_scan = static_cast<double>(offset + limit) *
                                 static_cast<double>(kinds.all) /
                                 static_cast<double>(kinds.matching);
    if (is_short && kinds.ids.size() <= kMergedKinds && expected_scan > kScanRows)
      return merge(db, kinds.ids, range, after, offset, limit);
  }
  return scan(db, event_conditions(filter, range), after, offset, limit);
}

Result<std::int64_t> count_events(Database& db, const EventFilter& filter) {
  TRY(const Range range, range_of(db, filter));
  if (range.is_empty) return std::int64_t{0};
  if (!filter.session_id.empty()) {
    const Where where = event_conditions(filter, range);
    TRY(auto rows, db.prepare("SELECT count(*) FROM events" + where.text()));
    where.bind(rows);
    TRY_OK(rows.step());
    return rows.integer(0);
  }
  TRY(const Kinds kinds, kinds_of(db, filter));
  if (!range.since && !range.until) return kinds.matching;
  return count_range(db, filter, kinds, range);
}

}  // namespace monitor
