#include "monitor/ledger.h"

#include "base/log.h"
#include "base/time_text.h"
#include "event_facts.h"
#include "message_table.h"
#include "monitor/schema.h"
#include "session_table.h"
#include "totals.h"
#include "usage_tellers.h"

namespace monitor {

using base::Result;
using store::Database;
using store::NullIfEmpty;
using store::WriteJob;

namespace {

// A sender that saw no answer sends again: an id that is there already is no error.
constexpr std::string_view kInsert =
    "INSERT INTO events(event_id, session_id, agent_type, event_type, tool_name, status, "
    "tokens_in, "
    "tokens_out, branch, project, duration_ms, created_at, client_timestamp, metadata, "
    "payload_truncated, model, cost_usd, cache_read_tokens, cache_write_tokens, source) "
    "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, "
    "?20) "
    "ON CONFLICT(event_id) DO NOTHING";

constexpr std::string_view kInsertDetails =
    "INSERT INTO sightline_usage_details(event, cache_write_1h_tokens, reasoning_tokens, "
    "input_includes_cache, message) VALUES(?1, ?2, ?3, ?4, ?5)";

// A checkpoint copies this many pages at once: fewer, and it copies the same hot pages too often.
constexpr const char* kWriterPragmas =
    "PRAGMA synchronous=NORMAL;PRAGMA wal_autocheckpoint=8000;PRAGMA journal_size_limit=67108864;"
    "PRAGMA cache_size=-4096;PRAGMA temp_store=MEMORY";

}  // namespace

struct Ledger::Tables {
  SessionTable sessions;
  Totals totals;
  MessageTable messages;
  UsageTellers tellers;
  // Of the group being written.
  std::string now;
  std::int64_t now_seconds = 0;
  std::int64_t previous_id = 0;
  // To notice other writers.
  std::int64_t data_version = -1;
};

/// Where an event belongs, once its session has been asked.
struct Ledger::Place {
  std::string project, branch;
  std::unique_ptr<Event> changed;  // in place of the event, when not all that it tells counts
};

struct Ledger::AppendJob : WriteJob {
  std::vector<Event> events;
  std::vector<EventFacts> facts;  // of each
  std::vector<std::int64_t> ids;
  std::vector<Place> places;  // of those stored
  Work also;
  std::size_t size = 0;  // about, in bytes

  std::size_t rows() const override { return events.size(); }
  std::size_t bytes() const override { return size; }
};

struct Ledger::IdleJob : WriteJob {
  IdleCheck check;
};

struct Ledger::ChangeJob : WriteJob {
  Work work;
  Change what = Change::counted;
};

Ledger::Ledger(Database db, Options options, const Pricing& pricing, Branches& branches,
               const base::Clock& clock, base::Metrics& metrics)
    : options_(std::move(options)),
      pricing_(pricing),
      branches_(branches),
      clock_(clock),
      stored_(metrics.counter("sightline_events_stored_total", "events stored")),
      duplicates_(metrics.counter("sightline_events_duplicate_total",
                                  "events whose event_id was stored already")),
      tables_(std::make_unique<Tables>()),
      writer_(std::move(db), *this, metrics) {}

Ledger::~Ledger() = default;

Result<std::unique_ptr<Ledger>> Ledger::open(const std::string& path, Options options,
                                             const Pricing& pricing, Branches& branches,
                                             const base::Clock& clock, base::Metrics& metrics) {
  TRY(Database db, Database::open(path, store::Access::read_write));
  TRY_OK(db.execute(
      fmt::format(fmt::runtime(kWriterPragmas), options.survives_power_loss ? "FULL" : "NORMAL")));
  auto schema = open_schema(db);
  if (!schema) return std::move(schema.error()).within("database " + path);
  std::unique_ptr<Ledger> ledger(
      new Ledger(std::move(db), std::move(options), pricing, branches, clock, metrics));
  Database& own = ledger->writer_.database();
  TRY(auto transaction, own.begin());
  TRY_OK(ledger->notice_other_writers(own));
  TRY_OK(transaction.commit());
  // Nothing was acknowledged so far; what comes is synced, and with it what came before.
  if (ledger->options_.survives_power_loss) TRY_OK(own.execute("PRAGMA synchronous=FULL"));
  ledger->newest_id_ = ledger->tables_->totals.last_event_id();
  return ledger;
}

base::Task<Result<AppendResult>> Ledger::append(std::vector<Event> events, Work also) {
  const base::Time now = clock_.now();
  AppendJob job;
  for (Event& event : events) {
    if (!event.project.empty()) co_await branches_.prepare(event.project);
    // A model that is not in the table has no price: that is not the same as costing nothing.
    // What an event adds to its message only the writer knows.
    const bool has_tokens = event.tokens_in > 0 || event.tokens_out > 0;
    if (!event.cost_usd && !event.model.empty() && has_tokens && event.usage_key.empty())
      event.cost_usd =
          pricing_.cost(event.model, event, base::parse_date(event.client_timestamp).value_or(now));
    job.facts.push_back(facts_of(event));
    job.size += sizeof(Event) + event.metadata.size();
  }
  job.events = std::move(events);
  job.also = std::move(also);
  job.ids.reserve(job.events.size());
  CO_TRY_OK(co_await writer_.submit(job));
  AppendResult result;
  result.ids = std::move(job.ids);
  co_return result;
}

base::Task<Result<IdleCheck>> Ledger::check_idle() {
  IdleJob job;
  CO_TRY_OK(co_await writer_.submit(job));
  co_return job.check;
}

base::Task<Result<void>> Ledger::change(Work work, Change what) {
  ChangeJob job;
  job.what = what;
  job.work = std::move(work);
  co_return co_await writer_.submit(job);
}

Result<void> Ledger::write(Database& db, std::span<WriteJob* const> jobs) {
  Tables& t = *tables_;
  TRY_OK(notice_other_writers(db));
  const base::Time now = clock_.now();
  t.now = base::to_sql_datetime(now);
  t.now_seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  t.previous_id = t.totals.last_event_id();
  for (WriteJob* job : jobs) {
    if (auto* append = dynamic_cast<AppendJob*>(job)) {
      append->ids.clear();  // of an attempt that failed
      append->places.clear();
      auto facts = append->facts.begin();
      for (const Event& event : append->events) {
        TRY(const std::int64_t id, insert(db, event, *facts++, append->places));
        append->ids.push_back(id);
      }
      if (append->also) TRY_OK(append->also(db));
    } else if (auto* idle = dynamic_cast<IdleJob*>(job)) {
      // Reads and writes the tables themselves: what was gathered so far goes there first.
      TRY_OK(t.sessions.flush(db, t.now));
      TRY_OK(check_idle(db, *idle));
    } else if (auto* changing = dynamic_cast<ChangeJob*>(job)) {
      TRY_OK(change(db, *changing));
    }
  }
  TRY_OK(t.sessions.flush(db, t.now));
  return t.totals.flush(db);
}

/// Rows that another program has written meanwhile are counted, and what we remember is dropped.
Result<void> Ledger::notice_other_writers(Database& db) {
  TRY(const auto version, db.integer("PRAGMA data_version"));
  if (version == tables_->data_version) return {};
  tables_->data_version = version.value_or(-1);
  tables_->sessions.forget();
  tables_->tellers.forget();
  TRY(const bool counted, tables_->totals.catch_up(db));
  if (counted) base::log::debug("events of another program were counted");
  return {};
}

/// Stores one event and what follows from it; 0 when it is a duplicate, which changes nothing.
Result<std::int64_t> Ledger::insert(Database& db, const Event& given, const EventFacts& facts,
                                    std::vector<Place>& places) {
  Tables& t = *tables_;
  TRY(std::optional<Event> silent, t.tellers.without_repeated_use(db, given));
  std::optional<MessageTable::Settlement> settled;
  if (!silent && !given.usage_key.empty()) {
    const base::Time at = base::parse_date(given.client_timestamp).value_or(clock_.now());
    TRY(settled, t.messages.settle(db, given, pricing_, at));
  }
  const Event& event = silent ? *silent : settled ? settled->event : given;
  const std::string message = settled && settled->adds ? given.usage_key : std::string();
  TRY(SessionTable::Session * session, t.sessions.find(db, event.session_id));
  const bool historical = is_historical(event);
  std::string project = event.project.empty() ? session->project : event.project;
  std::string branch = event.branch.empty() ? session->branch : event.branch;
  std::string session_branch = branch;
  if (!historical && !project.empty()) {
    if (auto checked_out = branches_.known(project)) {
      if (branch.empty()) branch = *checked_out;
      session_branch = std::move(*checked_out);
    }
  }

  TRY_OK(db.run(kInsert, NullIfEmpty{event.event_id}, event.session_id, event.agent_type,
                name(event.event_type), NullIfEmpty{event.tool_name}, name(event.status),
                event.tokens_in, event.tokens_out, NullIfEmpty{branch}, NullIfEmpty{project},
                event.duration_ms == 0 ? std::nullopt : std::optional(event.duration_ms), t.now,
                NullIfEmpty{event.client_timestamp}, event.metadata,
                event.payload_truncated ? 1 : 0, NullIfEmpty{event.model}, event.cost_usd,
                event.cache_read_tokens, event.cache_write_tokens, event.source));
  if (db.changes() == 0) return std::int64_t{0};
  const std::int64_t id = db.last_insert_id();
  if (settled) TRY_OK(t.messages.count(db, *settled));
  if (event.cache_write_1h_tokens != 0 || event.reasoning_tokens != 0 ||
      event.input_includes_cache || !message.empty())
    TRY_OK(db.run(kInsertDetails, id, event.cache_write_1h_tokens, event.reasoning_tokens,
                  event.input_includes_cache ? 1 : 0, NullIfEmpty{message}));

  t.sessions.touch(event.session_id, *session, event);
  session->project = project;
  session->branch = session_branch;
  if (historical) {
    session->status = "ended";
    session->ended_at = t.now;
  } else if (event.event_type == EventType::session_end && event.source != kImportSource) {
    // Claude Code ends a session at every stop and goes on with it: only silence ends it for good.
    const bool goes_on = event.agent_type == "claude_code";
    session->status = goes_on ? "idle" : "ended";
    session->ended_at = goes_on ? std::string() : t.now;
  }
  TRY_OK(t.totals.add(db, event, facts, project, branch, id, t.now_seconds));
  std::unique_ptr<Event> changed;
  if (silent) changed = std::make_unique<Event>(std::move(*silent));
  if (settled) changed = std::make_unique<Event>(std::move(settled->event));
  places.push_back({std::move(project), std::move(branch), std::move(changed)});
  return id;
}

bool Ledger::is_historical(const Event& event) const {
  if (!may_be_history(event.source)) return false;
  const auto at = base::parse_date(event.client_timestamp);
  const Settings& s = options_.settings;
  const auto window = std::max(std::chrono::minutes{30}, s.auto_import_interval.count() > 0
                                                             ? 3 * s.auto_import_interval
                                                             : 6 * s.session_timeout);
  return !at || *at < clock_.now() - window;
}

IdleLimits idle_limits(base::Time now, std::chrono::minutes session_timeout) {
  return {base::to_sql_datetime(now - session_timeout),
          base::to_sql_datetime(now - 2 * session_timeout)};
}

Result<void> Ledger::check_idle(Database& db, IdleJob& job) {
  const IdleLimits limits = idle_limits(clock_.now(), options_.settings.session_timeout);
  TRY_OK(
      db.run("UPDATE sessions SET status = 'idle' WHERE status = 'active' AND last_event_at < ?1",
             limits.idle_before));
  job.check.idled = db.changes();
  TRY_OK(
      db.run("UPDATE sessions SET status = 'ended', ended_at = ?2 "
             "WHERE status = 'idle' AND last_event_at < ?1",
             limits.ended_before, tables_->now));
  if (job.check.idled + db.changes() > 0) tables_->sessions.forget();
  return {};
}

/// Everything that was gathered goes to the tables before, and is read from them again after.
Result<void> Ledger::change(Database& db, ChangeJob& job) {
  if (job.what == Change::uncounted) return job.work(db);
  Tables& t = *tables_;
  TRY_OK(t.sessions.flush(db, t.now));
  TRY_OK(t.totals.flush(db));
  TRY_OK(job.work(db));
  t.sessions.forget();
  TRY(const bool counted, t.totals.catch_up(db));
  if (counted) base::log::info("the totals were counted anew");
  return {};
}

void Ledger::committed(std::span<WriteJob* const> jobs) {
  Tables& t = *tables_;
  t.totals.committed();
  std::uint64_t stored = 0, duplicates = 0;
  for (const WriteJob* job : jobs)
    if (const auto* append = dynamic_cast<const AppendJob*>(job))
      for (const std::int64_t id : append->ids) ++(id ? stored : duplicates);
  stored_.add(stored);
  duplicates_.add(duplicates);
  if (stored == 0 || !listener_ || !listener_->stored_up_to(t.totals.last_event_id())) return;

  std::vector<StoredEvent> events;
  events.reserve(stored);
  for (WriteJob* job : jobs) {
    auto* append = dynamic_cast<AppendJob*>(job);
    if (!append) continue;
    auto place = append->places.begin();
    for (std::size_t i = 0; i < append->ids.size(); ++i) {
      if (append->ids[i] == 0) continue;
      Event& whole = place->changed ? *place->changed : append->events[i];
      StoredEvent& event =
          events.emplace_back(StoredEvent{std::move(whole), append->ids[i], t.now});
      event.event.project = std::move(place->project);
      event.event.branch = std::move(place->branch);
      ++place;
    }
  }
  listener_->stored(t.previous_id, t.totals.last_event_id(), std::move(events));
}

void Ledger::rested() {
  tables_->tellers.forget();
  tables_->sessions.forget();
  if (options_.at_rest) options_.at_rest();
}

void Ledger::rolled_back() {
  tables_->tellers.forget();
  tables_->sessions.forget();
  tables_->totals.rolled_back();
  tables_->data_version = -1;
}

}  // namespace monitor
