#include "totals.h"

#include <fmt/format.h>

#include <array>

#include "base/log.h"
#include "base/saturating.h"

// Invariant: after every commit, each sum equals the recount over the events with an id up to
// state.last_event_id, and each of these has its row in sightline_kind_events.

namespace monitor {
namespace {

using base::Result;
using store::Database;

constexpr std::string_view kFindKind =
    "SELECT id FROM sightline_kinds WHERE agent_type = ?1 AND event_type = ?2 AND tool_name = ?3 "
    "AND model = ?4 AND project = ?5 AND branch = ?6 AND source = ?7 AND status = ?8";
constexpr std::string_view kAddKind =
    "INSERT INTO sightline_kinds(agent_type, event_type, tool_name, model, project, branch, "
    "source, "
    "status) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
constexpr std::string_view kAddKindEvent =
    "INSERT INTO sightline_kind_events(kind, at, id) VALUES(?1, ?2, ?3)";

constexpr std::string_view kAddTotals = R"sql(
INSERT INTO sightline_totals VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT(kind) DO UPDATE SET events = events + excluded.events,
  tokens_in = tokens_in + excluded.tokens_in, tokens_out = tokens_out + excluded.tokens_out,
  cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
  cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
  cost_usd = cost_usd + excluded.cost_usd, duration_ms = duration_ms + excluded.duration_ms,
  durations = durations + excluded.durations)sql";
constexpr std::string_view kAddHourTotals = R"sql(
INSERT INTO sightline_hour_totals VALUES(?10, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT(hour, kind) DO UPDATE SET events = events + excluded.events,
  tokens_in = tokens_in + excluded.tokens_in, tokens_out = tokens_out + excluded.tokens_out,
  cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
  cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
  cost_usd = cost_usd + excluded.cost_usd, duration_ms = duration_ms + excluded.duration_ms,
  durations = durations + excluded.durations)sql";
constexpr std::string_view kAddSessionTotals = R"sql(
INSERT INTO sightline_session_totals(session_id, events, tokens_in, tokens_out, cost_usd,
  files_edited, lines_added, lines_removed) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT(session_id) DO UPDATE SET events = events + excluded.events,
  tokens_in = tokens_in + excluded.tokens_in, tokens_out = tokens_out + excluded.tokens_out,
  cost_usd = cost_usd + excluded.cost_usd, files_edited = files_edited + excluded.files_edited,
  lines_added = lines_added + excluded.lines_added,
  lines_removed = lines_removed + excluded.lines_removed)sql";
constexpr std::string_view kAddSessionFile =
    "INSERT INTO sightline_session_files(session_id, path) VALUES(?1, ?2) ON CONFLICT DO NOTHING";
constexpr std::string_view kSetLastId =
    "UPDATE sightline_state SET value = ?1 WHERE key = 'last_event_id'";

// The same for rows that are stored already: those with ?1 < id <= ?2. From the events outward, so
// that a few rows of another program cost little however many there are.
constexpr std::string_view kMissing = R"sql(FROM events e JOIN sightline_kinds k
      ON k.agent_type = e.agent_type AND k.event_type = e.event_type
      AND k.tool_name = coalesce(e.tool_name, '') AND k.model = coalesce(e.model, '')
      AND k.project = coalesce(e.project, '') AND k.branch = coalesce(e.branch, '')
      AND k.source = coalesce(e.source, '') AND k.status = e.status
    WHERE e.id > ?1 AND e.id <= ?2)sql";
constexpr std::array<std::string_view, 7> kCountRows = {
    R"sql(INSERT OR IGNORE INTO sightline_kinds(agent_type, event_type, tool_name, model, project,
      branch, source, status)
    SELECT DISTINCT agent_type, event_type, coalesce(tool_name, ''), coalesce(model, ''),
      coalesce(project, ''), coalesce(branch, ''), coalesce(source, ''), status
    FROM events WHERE id > ?1 AND id <= ?2)sql",
    R"sql(INSERT INTO sightline_kind_events(kind, at, id)
    SELECT k.id, coalesce(CAST(strftime('%s', e.created_at) AS INTEGER), 0), e.id
    {missing})sql",
    R"sql(INSERT INTO sightline_totals
    SELECT k.id, count(*), total(tokens_in), total(tokens_out), total(cache_read_tokens),
      total(cache_write_tokens), total(cost_usd), total(duration_ms), count(duration_ms)
    {missing} GROUP BY 1
    ON CONFLICT(kind) DO UPDATE SET events = events + excluded.events,
      tokens_in = tokens_in + excluded.tokens_in, tokens_out = tokens_out + excluded.tokens_out,
      cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
      cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
      cost_usd = cost_usd + excluded.cost_usd, duration_ms = duration_ms + excluded.duration_ms,
      durations = durations + excluded.durations)sql",
    R"sql(INSERT INTO sightline_hour_totals
    SELECT coalesce(CAST(strftime('%s', e.created_at) AS INTEGER), 0) / 3600, k.id, count(*),
      total(tokens_in), total(tokens_out), total(cache_read_tokens), total(cache_write_tokens),
      total(cost_usd), total(duration_ms), count(duration_ms)
    {missing} GROUP BY 1, 2
    ON CONFLICT(hour, kind) DO UPDATE SET events = events + excluded.events,
      tokens_in = tokens_in + excluded.tokens_in, tokens_out = tokens_out + excluded.tokens_out,
      cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
      cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
      cost_usd = cost_usd + excluded.cost_usd, duration_ms = duration_ms + excluded.duration_ms,
      durations = durations + excluded.durations)sql",
    // Metadata is parsed only where there is something to find in it.
    R"sql(INSERT INTO sightline_session_totals(session_id, events, tokens_in, tokens_out, cost_usd,
      lines_added, lines_removed)
    SELECT session_id, count(*), total(tokens_in), total(tokens_out), total(cost_usd),
      total(CASE WHEN {has_lines} THEN CAST(json_extract(metadata, '$.lines_added') AS INTEGER) END),
      total(CASE WHEN {has_lines} THEN CAST(json_extract(metadata, '$.lines_removed') AS INTEGER) END)
    FROM events WHERE id > ?1 AND id <= ?2 GROUP BY 1
    ON CONFLICT(session_id) DO UPDATE SET events = events + excluded.events,
      tokens_in = tokens_in + excluded.tokens_in, tokens_out = tokens_out + excluded.tokens_out,
      cost_usd = cost_usd + excluded.cost_usd, lines_added = lines_added + excluded.lines_added,
      lines_removed = lines_removed + excluded.lines_removed)sql",
    R"sql(INSERT INTO sightline_session_files(session_id, path)
    SELECT session_id, path FROM (
      SELECT session_id, CASE WHEN instr(metadata, 'file_path') AND json_valid(metadata)
        THEN json_extract(metadata, '$.file_path') END AS path
      FROM events WHERE id > ?1 AND id <= ?2
        AND tool_name IN ('Edit', 'Write', 'MultiEdit', 'apply_patch', 'write_stdin'))
    WHERE path IS NOT NULL ON CONFLICT DO NOTHING)sql",
    R"sql(UPDATE sightline_session_totals AS t SET files_edited =
      (SELECT count(*) FROM sightline_session_files f WHERE f.session_id = t.session_id)
    WHERE session_id IN (SELECT session_id FROM events WHERE id > ?1 AND id <= ?2))sql",
};
constexpr std::string_view kHasLines = "instr(metadata, 'lines_') AND json_valid(metadata)";

constexpr const char* kForgetAll =
    "DELETE FROM sightline_kinds; DELETE FROM sightline_kind_events; DELETE FROM sightline_totals;"
    "DELETE FROM sightline_hour_totals; DELETE FROM sightline_session_totals;"
    "DELETE FROM sightline_session_files;"
    "UPDATE sightline_state SET value = 0 WHERE key IN ('last_event_id', 'stale')";

void bind_value(store::Statement& statement, int index, std::monostate) {
  statement.bind_one(index, nullptr);
}
template <class Value>
void bind_value(store::Statement& statement, int index, const Value& value) {
  statement.bind_one(index, value);
}

}  // namespace

void Totals::Sums::add(const Event& event) {
  ++events;
  tokens_in = base::saturating_add(tokens_in, event.tokens_in);
  tokens_out = base::saturating_add(tokens_out, event.tokens_out);
  cache_read = base::saturating_add(cache_read, event.cache_read_tokens);
  cache_write = base::saturating_add(cache_write, event.cache_write_tokens);
  cost_usd += event.cost_usd.value_or(0);
  duration_ms = base::saturating_add(duration_ms, event.duration_ms);
  durations += event.duration_ms != 0;
}

void Totals::Session::add(const Event& event, const EventFacts& facts) {
  sums.add(event);
  lines_added = base::saturating_add(lines_added, facts.lines_added);
  lines_removed = base::saturating_add(lines_removed, facts.lines_removed);
  if (!std::holds_alternative<std::monostate>(facts.file_path)) files.push_back(facts.file_path);
}

Result<bool> Totals::catch_up(Database& db) {
  // Whoever else has written may have counted everything anew, and given the kinds other numbers.
  kinds_.clear();
  TRY(const auto stale, db.integer("SELECT value FROM sightline_state WHERE key = 'stale'"));
  if (stale.value_or(1) != 0) {
    TRY_OK(db.execute(kForgetAll));
    TRY_OK(UsageTotals::forget_all(db));
  }
  TRY(const auto counted,
      db.integer("SELECT value FROM sightline_state WHERE key = 'last_event_id'"));
  TRY(const auto newest, db.integer("SELECT max(id) FROM events"));
  last_event_id_ = flushed_event_id_ = newest.value_or(0);
  if (counted.value_or(0) >= last_event_id_) return false;
  const std::int64_t missing = last_event_id_ - counted.value_or(0);
  if (missing > 100000) base::log::info("counting {} events that another program stored", missing);
  TRY_OK(count_rows(db, counted.value_or(0), last_event_id_));
  return true;
}

Result<void> Totals::count_rows(Database& db, std::int64_t after, std::int64_t up_to) {
  for (const std::string_view sql : kCountRows)
    TRY_OK(db.run(fmt::format(fmt::runtime(sql), fmt::arg("missing", kMissing),
                              fmt::arg("has_lines", kHasLines)),
                  after, up_to));
  TRY_OK(UsageTotals::count_rows(db, after, up_to));
  return db.run(kSetLastId, up_to);
}

Result<std::int64_t> Totals::kind_of(Database& db, const Event& event, std::string_view project,
                                     std::string_view branch) {
  const std::string_view parts[] = {
      event.agent_type, name(event.event_type), event.tool_name,   event.model, project,
      branch,           event.source,           name(event.status)};
  key_.clear();
  for (const std::string_view part : parts) key_.append(part).push_back('\0');
  if (const auto found = kinds_.find(key_); found != kinds_.end()) return found->second;

  TRY(const auto stored, db.integer(kFindKind, parts[0], parts[1], parts[2], parts[3], parts[4],
                                    parts[5], parts[6], parts[7]));
  std::int64_t kind = stored.value_or(0);
  if (!stored) {
    TRY_OK(db.run(kAddKind, parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], parts[6],
                  parts[7]));
    kind = db.last_insert_id();
  }
  if (kinds_.size() >= kMaxKnownKinds) kinds_.clear();
  kinds_.emplace(key_, kind);
  return kind;
}

Result<void> Totals::add(Database& db, const Event& event, const EventFacts& facts,
                         std::string_view project, std::string_view branch, std::int64_t id,
                         std::int64_t at) {
  const std::int64_t hour = at / 3600;
  if (hour != hour_) TRY_OK(flush(db));  // a group that crosses the hour
  hour_ = hour;
  TRY(const std::int64_t kind, kind_of(db, event, project, branch));
  TRY_OK(db.run(kAddKindEvent, kind, at, id));
  by_kind_[kind].add(event);
  by_session_[event.session_id].add(event, facts);
  TRY_OK(usage_.add(db, event, facts, id, at));
  last_event_id_ = id;
  return {};
}

Result<void> Totals::flush(Database& db) {
  if (by_kind_.empty()) return {};
  for (const auto& [kind, s] : by_kind_) {
    TRY_OK(db.run(kAddTotals, kind, s.events, s.tokens_in, s.tokens_out, s.cache_read,
                  s.cache_write, s.cost_usd, s.duration_ms, s.durations));
    TRY_OK(db.run(kAddHourTotals, kind, s.events, s.tokens_in, s.tokens_out, s.cache_read,
                  s.cache_write, s.cost_usd, s.duration_ms, s.durations, hour_));
  }
  for (const auto& [id, session] : by_session_) TRY_OK(flush_session(db, id, session));
  TRY_OK(usage_.flush(db, hour_));
  TRY_OK(db.run(kSetLastId, last_event_id_));
  by_kind_.clear();
  by_session_.clear();
  return {};
}

Result<void> Totals::flush_session(Database& db, const std::string& id, const Session& session) {
  std::int64_t new_files = 0;
  for (const SqlValue& path : session.files) {
    TRY(auto insert, db.prepare(kAddSessionFile));
    insert.bind_one(1, id);
    std::visit([&](const auto& value) { bind_value(insert, 2, value); }, path);
    TRY_OK(insert.run());
    new_files += db.changes();
  }
  const Sums& s = session.sums;
  return db.run(kAddSessionTotals, id, s.events, s.tokens_in, s.tokens_out, s.cost_usd, new_files,
                session.lines_added, session.lines_removed);
}

void Totals::rolled_back() {
  by_kind_.clear();
  by_session_.clear();
  usage_.forget();
  kinds_.clear();
  last_event_id_ = flushed_event_id_;
}

}  // namespace monitor
