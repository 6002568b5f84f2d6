#include "collector/buffer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/json_reader.h"
#include "base/log.h"
#include "base/sha256.h"

namespace collector {

using base::Result;
using store::Database;

namespace {

// The names, types and indexes of the collectors that came before; a file of theirs stays theirs.
constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id TEXT NOT NULL,
  timestamp INTEGER NOT NULL,
  agent_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  data TEXT NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS idx_timestamp ON events(timestamp);
CREATE INDEX IF NOT EXISTS idx_created_at ON events(created_at);
CREATE TABLE IF NOT EXISTS sightline_parked (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id TEXT NOT NULL,
  data TEXT NOT NULL,
  reason TEXT NOT NULL,
  parked_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS sightline_known_events (
  key INTEGER PRIMARY KEY,
  day INTEGER NOT NULL
);
)";
// A checkpoint syncs two files, and whoever commits meanwhile waits for it: at every thousand
// pages, which are a hundred events or two, it was the slowest of a hundred deliveries.
constexpr const char* kPragmas =
    "PRAGMA synchronous=NORMAL;PRAGMA wal_autocheckpoint=8000;PRAGMA journal_size_limit=33554432;"
    "PRAGMA temp_store=MEMORY";

constexpr std::string_view kInsert =
    "INSERT INTO events(event_id, timestamp, agent_id, session_id, project_id, data, created_at) "
    "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)";
constexpr std::string_view kKnow =
    "INSERT INTO sightline_known_events VALUES(?1, ?2) ON CONFLICT(key) DO NOTHING";
constexpr std::string_view kEvict =
    "DELETE FROM events WHERE id = (SELECT id FROM events ORDER BY created_at, id LIMIT 1)";
constexpr std::string_view kOldest =
    "SELECT id, event_id, session_id, data FROM events ORDER BY created_at, id LIMIT ?1";
constexpr std::string_view kPark =
    "INSERT INTO sightline_parked(event_id, data, reason, parked_at) "
    "SELECT event_id, data, ?2, ?3 FROM events WHERE id = ?1";
constexpr std::string_view kUnpark =
    "DELETE FROM sightline_parked WHERE id = (SELECT min(id) FROM sightline_parked)";

constexpr std::int64_t kDaySeconds = 86'400;

std::int64_t seconds_of(base::Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

/// A file that no Sightline has written to lacks some.
Result<bool> has_table(Database& db, std::string_view name) {
  TRY(const auto found, db.integer("SELECT 1 FROM sqlite_master WHERE name = ?1", name));
  return found.has_value();
}

}  // namespace

struct Buffer::Job : store::WriteJob {
  Work work;
  std::size_t row_count = 1, size = 0;

  std::size_t rows() const override { return row_count; }
  std::size_t bytes() const override { return size; }
};

struct Buffer::Roomless {
  Buffer& buffer;
  std::int64_t needed;
  std::coroutine_handle<> waiter;
  base::Executor* executor = nullptr;
  bool stopped = false;

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> handle) {
    const base::MutexLock lock(buffer.mutex_);
    stopped = buffer.is_closed_;
    if (stopped || buffer.room() >= needed) return false;
    waiter = handle;
    executor = base::Executor::current();
    buffer.waiting_.push_back(this);
    return true;
  }
  bool await_resume() const { return !stopped; }
};

Buffer::Buffer(Database db, Options options, const base::Clock& clock, base::Metrics& metrics)
    : options_(std::move(options)),
      clock_(clock),
      stored_(metrics.counter("sightline_buffer_stored_total", "events put into the buffer")),
      repeated_(metrics.counter("sightline_buffer_repeated_total",
                                "events that the buffer has had before")),
      evicted_(metrics.counter("sightline_buffer_evicted_total",
                               "events that made room for newer ones and were never sent")),
      parked_(metrics.counter("sightline_buffer_parked_total",
                              "events set aside because they cannot be read or sent")),
      unparked_(metrics.counter("sightline_buffer_parked_evicted_total",
                                "events set aside that made room for newer ones")),
      writer_(std::move(db), *this, metrics) {}

Buffer::~Buffer() = default;

Result<std::unique_ptr<Buffer>> Buffer::open(Options options, const base::Clock& clock,
                                             base::Metrics& metrics) {
  auto db = Database::open(options.path, store::Access::read_write);
  if (!db) return std::move(db.error()).within("failed to open database");
  Result<void> ready = db->execute(kPragmas);
  if (ready) ready = db->execute(kSchema);
  if (ready && options.prepare) ready = options.prepare(*db);
  if (!ready) return std::move(ready.error()).within("failed to initialize schema");
  std::unique_ptr<Buffer> buffer(new Buffer(std::move(*db), std::move(options), clock, metrics));
  Database& own = buffer->writer_.database();
  TRY_OK(own.run("DELETE FROM sightline_known_events WHERE day < ?1",
                 buffer->now_seconds() / kDaySeconds - kRememberedDays));
  TRY_OK(buffer->notice_other_writers(own));
  buffer->count_ = buffer->rows_;
  return buffer;
}

base::Task<Result<std::int64_t>> Buffer::store(std::vector<AgentEvent> events, Also also,
                                               WhenFull when_full) {
  std::vector<std::string> texts;
  texts.reserve(events.size());
  Job job;
  for (const AgentEvent& event : events) {
    texts.push_back(to_json(event));
    job.size += texts.back().size();
  }
  job.row_count = events.size() + 1;
  std::int64_t stored = 0;
  job.work = [&](Database& db) -> Result<void> {
    stored = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
      TRY(const bool is_new, insert(db, events[i], texts[i], when_full));
      stored += is_new;
    }
    return also ? also(db, stored) : Result<void>();
  };
  CO_TRY_OK(co_await writer_.submit(job));
  co_return stored;
}

base::Task<Result<void>> Buffer::change(Work work) {
  Job job;
  job.work = std::move(work);
  co_return co_await writer_.submit(job);
}

base::Task<Result<std::vector<BufferedEvent>>> Buffer::oldest(std::size_t count,
                                                              std::size_t max_bytes) {
  std::vector<BufferedEvent> found;
  Job job;
  job.work = [&](Database& db) -> Result<void> {
    found.clear();
    std::vector<std::pair<std::int64_t, std::string>> unreadable;
    {
      TRY(store::Statement rows, db.prepare(kOldest));
      rows.bind(static_cast<std::int64_t>(count));
      base::json::Document document;
      std::size_t size = 0;
      for (;;) {
        TRY(const bool more, rows.step());
        if (!more) break;
        const std::string_view text = rows.text(3);
        size += text.size();
        if (size > max_bytes && !found.empty()) break;
        const auto json = document.parse(text);
        const auto event = json ? parse_event(*json) : Result<AgentEvent>(json.error());
        if (event)
          found.push_back({rows.integer(0), std::string(rows.text(1)), std::string(rows.text(2)),
                           std::string(text)});
        else
          unreadable.emplace_back(rows.integer(0), event.error().what);
      }
    }
    for (const auto& [row, why] : unreadable) TRY_OK(park(db, row, "not an event: " + why));
    return {};
  };
  CO_TRY_OK(co_await writer_.submit(job));
  co_return std::move(found);
}

base::Task<Result<void>> Buffer::remove(std::vector<std::int64_t> rows) {
  Job job;
  job.row_count = rows.size();
  job.work = [&](Database& db) -> Result<void> {
    for (const std::int64_t row : rows) TRY_OK(remove(db, row));
    return {};
  };
  co_return co_await writer_.submit(job);
}

base::Task<Result<void>> Buffer::park(std::int64_t row, std::string reason) {
  Job job;
  job.work = [&](Database& db) { return park(db, row, reason); };
  co_return co_await writer_.submit(job);
}

base::Task<bool> Buffer::wait_for_room(std::int64_t events) {
  Roomless wait{*this, std::min(events, options_.capacity), {}};
  co_return co_await wait;
}

void Buffer::close_to_waiters() {
  std::vector<Roomless*> waiting;
  {
    const base::MutexLock lock(mutex_);
    is_closed_ = true;
    waiting.swap(waiting_);
  }
  for (Roomless* roomless : waiting) {
    roomless->stopped = true;
    roomless->executor->resume({roomless->waiter});
  }
}

void Buffer::stop() {
  close_to_waiters();
  writer_.stop();
}

/// Sixty-four bits of a hash: among a hundred million events two agree by chance once in 3,700
/// such buffers.
std::int64_t Buffer::key_of(const std::string& event_id) {
  base::Sha256 hash;
  hash.add(event_id);
  const base::Sha256::Digest digest = hash.finish();
  std::int64_t key = 0;
  std::memcpy(&key, digest.data(), sizeof key);
  return key;
}

Result<bool> Buffer::has_had(Database& db, std::int64_t key) {
  TRY(const bool is_buffer, has_table(db, "sightline_known_events"));
  if (!is_buffer) return false;
  TRY(const auto known, db.integer("SELECT 1 FROM sightline_known_events WHERE key = ?1", key));
  return known.has_value();
}

Result<BufferStats> Buffer::stats(Database& db, std::int64_t max_size) {
  BufferStats stats;
  stats.max_size = max_size;
  const auto time_of = [](std::optional<std::int64_t> seconds) -> std::optional<base::Time> {
    if (!seconds) return std::nullopt;
    return base::Time(std::chrono::seconds{*seconds});
  };
  TRY(const auto count, db.integer("SELECT count(*) FROM events"));
  TRY(const auto oldest, db.integer("SELECT min(created_at) FROM events"));
  TRY(const auto newest, db.integer("SELECT max(created_at) FROM events"));
  TRY(const bool has_parked, has_table(db, "sightline_parked"));
  if (has_parked) {
    TRY(const auto parked, db.integer("SELECT count(*) FROM sightline_parked"));
    stats.parked = parked.value_or(0);
  }
  stats.count = count.value_or(0);
  stats.oldest = time_of(oldest);
  stats.newest = time_of(newest);
  if (max_size > 0)
    stats.usage = 100.0 * static_cast<double>(stats.count) / static_cast<double>(max_size);
  return stats;
}

Result<void> Buffer::write(Database& db, std::span<store::WriteJob* const> jobs) {
  TRY_OK(notice_other_writers(db));
  for (store::WriteJob* job : jobs) TRY_OK(static_cast<Job*>(job)->work(db));
  return {};
}

void Buffer::committed(std::span<store::WriteJob* const>) {
  const Group done = std::exchange(group_, {});
  stored_.add(done.stored);
  repeated_.add(done.repeated);
  evicted_.add(done.evicted);
  parked_.add(done.parked);
  unparked_.add(done.unparked);
  if (done.evicted > 0)
    base::log::warn("the buffer is full: the oldest events were dropped{}",
                    base::log::field("events", done.evicted));
  std::vector<Roomless*> served;
  {
    const base::MutexLock lock(mutex_);
    count_ = rows_;
    const auto first = std::stable_partition(
        waiting_.begin(), waiting_.end(),
        [this](const Roomless* roomless) { return room() < roomless->needed; });
    served.assign(first, waiting_.end());
    waiting_.erase(first, waiting_.end());
  }
  for (Roomless* roomless : served) roomless->executor->resume({roomless->waiter});
  if (done.stored > 0 && listener_) listener_();
}

void Buffer::rolled_back() {
  group_ = {};
  data_version_ = -1;
}

/// What is remembered about the rows is read anew when another program has changed them.
Result<void> Buffer::notice_other_writers(Database& db) {
  TRY(const auto version, db.integer("PRAGMA data_version"));
  if (version == data_version_) return {};
  TRY(const auto rows, db.integer("SELECT count(*) FROM events"));
  TRY(const auto newest, db.integer("SELECT max(created_at) FROM events"));
  TRY(const auto parked, db.integer("SELECT count(*) FROM sightline_parked"));
  rows_ = rows.value_or(0);
  newest_ = newest.value_or(0);
  parked_rows_ = parked.value_or(0);
  data_version_ = version.value_or(-1);
  return {};
}

/// False when it was there before.
Result<bool> Buffer::insert(Database& db, const AgentEvent& event, const std::string& json,
                            WhenFull when_full) {
  TRY_OK(db.run(kKnow, key_of(event.id), now_seconds() / kDaySeconds));
  if (db.changes() == 0) {
    ++group_.repeated;
    return false;
  }
  if (when_full == WhenFull::evict && rows_ >= options_.capacity) {
    TRY_OK(db.run(kEvict));
    const std::int64_t evicted = db.changes();
    rows_ -= evicted;
    group_.evicted += static_cast<std::uint64_t>(evicted);
  }
  // A clock that goes back must not put an event before the one that it follows.
  newest_ = std::max(newest_, now_seconds());
  TRY_OK(db.run(kInsert, event.id, seconds_of(event.timestamp), event.agent_id, event.session_id,
                std::to_string(event.project_id), json, newest_));
  ++rows_;
  ++group_.stored;
  return true;
}

Result<void> Buffer::park(Database& db, std::int64_t row, const std::string& reason) {
  TRY_OK(db.run(kPark, row, reason, now_seconds()));
  if (db.changes() == 0) return {};  // evicted meanwhile
  base::log::warn("an event was set aside{}{}", base::log::field("row", row),
                  base::log::field("reason", reason));
  ++group_.parked;
  if (++parked_rows_ > kMaxParked) {
    TRY_OK(db.run(kUnpark));
    --parked_rows_;
    ++group_.unparked;
  }
  return remove(db, row);
}

Result<void> Buffer::remove(Database& db, std::int64_t row) {
  TRY_OK(db.run("DELETE FROM events WHERE id = ?1", row));
  rows_ -= db.changes();
  return {};
}

std::int64_t Buffer::now_seconds() const { return seconds_of(clock_.now()); }

}  // namespace collector
