#include "tasks/sqlite_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "sqlite_heads.h"
#include "sqlite_rows.h"
#include "sqlite_schema.h"

namespace tasks {
namespace {

using base::Result;
using base::Time;
using store::Database;
using store::WriteJob;

// A checkpoint copies this many pages at once: fewer, and it copies the same hot pages too often.
constexpr const char* kPragmas =
    "PRAGMA foreign_keys=ON;PRAGMA synchronous=NORMAL;PRAGMA wal_autocheckpoint=8000;"
    "PRAGMA journal_size_limit=67108864;PRAGMA cache_size=-4096;PRAGMA temp_store=MEMORY";

constexpr const char* kDue =
    "SELECT id FROM taskcast_tasks WHERE execution_deadline_at <= ?1 AND execution_deadline_at IS "
    "NOT NULL AND status NOT IN ('completed', 'failed', 'timeout', 'cancelled') UNION SELECT id "
    "FROM taskcast_tasks WHERE resume_at <= ?1 AND resume_at IS NOT NULL AND status = 'blocked' "
    "LIMIT 100";
constexpr const char* kNextDue =
    "SELECT min(due) FROM (SELECT min(execution_deadline_at) AS due FROM taskcast_tasks WHERE "
    "execution_deadline_at IS NOT NULL AND status NOT IN ('completed', 'failed', 'timeout', "
    "'cancelled') UNION ALL SELECT min(resume_at) FROM taskcast_tasks WHERE resume_at IS NOT NULL "
    "AND status = 'blocked')";

constexpr std::int64_t kNever = Time::max().time_since_epoch().count();

std::size_t size_of(const std::vector<NewEvent>& events) {
  std::size_t size = 0;
  for (const NewEvent& event : events) size += event.data.size() + event.type.size() + 100;
  return size;
}

}  // namespace

/// A write, and what it has come to. May be written more than once, so it keeps what it is given.
struct SqliteStore::Job : WriteJob {
  virtual Result<void> write(Database& db, SqliteStore& store) = 0;
  virtual void tell(SqliteStore&) {}
};

struct SqliteStore::CreateJob : Job {
  Task task;
  Result<void> answer;

  Result<void> write(Database& db, SqliteStore& store) override {
    answer = {};
    TRY(const auto before, store.heads_->status(db, task.id));
    if (before) {
      answer = task_exists(task.id);
      return {};
    }
    TRY_OK(rows::save(db, task));
    store.heads_->set_status(task.id, task.status);
    if (store.listener_) store.listener_->created(task.id);
    return {};
  }
  void tell(SqliteStore& store) override {
    if (answer) store.note_due(due_time(task));
  }
};

struct SqliteStore::UpdateJob : Job {
  std::string id;
  Decide decide;
  Result<Task> answer = Task();
  Heads::Added added;

  Result<void> write(Database& db, SqliteStore& store) override {
    added = {};
    TRY(auto task, rows::find(db, id));
    if (!task) {
      answer = no_such_task(id);
      return {};
    }
    auto change = decide(*task);
    if (!change) {
      answer = std::move(change.error());
      return {};
    }
    TRY_OK(rows::save(db, change->task));
    store.heads_->set_status(id, change->task.status);
    TRY(added, store.heads_->add(db, id, change->events, Heads::Accumulated::left_out));
    answer = std::move(change->task);
    return {};
  }
  void tell(SqliteStore& store) override {
    if (!answer) return;
    store.note_due(due_time(*answer));
    if (store.listener_ && !added.events.empty())
      store.listener_->appended({id, added.events, added.accumulated, end_of(*answer)});
  }
};

struct SqliteStore::AppendJob : Job {
  std::string id;
  std::vector<NewEvent> events;
  Result<void> answer;
  Heads::Added added;

  std::size_t rows() const override { return events.size(); }
  std::size_t bytes() const override { return size_of(events); }

  Result<void> write(Database& db, SqliteStore& store) override {
    answer = {};
    added = {};
    TRY(const auto status, store.heads_->status(db, id));
    if (!status) {
      answer = no_such_task(id);
    } else if (is_terminal(*status)) {
      answer = is_over(*status);
    } else {
      const bool wanted = store.listener_ && store.listener_->wants_accumulated(id);
      TRY(added, store.heads_->add(db, id, events, Heads::Accumulated{wanted}));
    }
    return {};
  }
  void tell(SqliteStore& store) override {
    if (store.listener_ && !added.events.empty())
      store.listener_->appended({id, added.events, added.accumulated, std::nullopt});
  }
};

struct SqliteStore::RestoreJob : Job {
  Archive archive;
  bool overwrite = false;
  Result<bool> answer = false;

  std::size_t rows() const override { return archive.events.size() + 1; }

  Result<void> write(Database& db, SqliteStore& store) override {
    TRY(const auto before, store.heads_->status(db, archive.task.id));
    if (before && !overwrite) {
      answer = task_exists(archive.task.id);
      return {};
    }
    for (const Event& event : archive.events) {
      TRY(const auto other, rows::other_owner(db, archive.task.id, event.id));
      if (!other) continue;
      answer = event_exists(event.id);
      return {};
    }
    TRY_OK(rows::save(db, archive.task));
    TRY_OK(rows::complete(db, archive.task));
    TRY_OK(store.heads_->replace(db, archive));
    answer = before.has_value();
    return {};
  }
  void tell(SqliteStore& store) override {
    if (!answer) return;
    store.note_due(due_time(archive.task));
    if (*answer && store.listener_)
      store.listener_->restored(archive.task.id,
                                static_cast<std::int64_t>(archive.events.size()) - 1,
                                end_of(archive.task));
  }
};

/// Is written when all before it are.
struct SqliteStore::SettleJob : Job {
  Result<void> write(Database&, SqliteStore&) override { return {}; }
};

SqliteStore::SqliteStore(std::string path, Database db, Parts parts)
    : readers_(std::move(path), parts.pool, parts.workers),
      heads_(std::make_unique<Heads>(parts.clock)),
      next_due_(kNever),
      writer_(std::move(db), *this, parts.metrics) {}

SqliteStore::~SqliteStore() = default;

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::string& path, Parts parts) {
  TRY(Database db, Database::open(path, store::Access::read_write));
  TRY_OK(db.execute(kPragmas));
  auto schema = open_task_schema(db);
  if (!schema) return std::move(schema.error()).within("database " + path);
  TRY(const auto due, db.integer(kNextDue));
  // Nothing was acknowledged so far; what comes is synced, and with it what came before.
  TRY_OK(db.execute("PRAGMA synchronous=FULL"));
  std::unique_ptr<SqliteStore> store(new SqliteStore(path, std::move(db), parts));
  if (due) store->next_due_ = *due;
  return store;
}

Result<void> SqliteStore::write(Database& db, std::span<WriteJob* const> jobs) {
  for (WriteJob* job : jobs) TRY_OK(static_cast<Job*>(job)->write(db, *this));
  return heads_->flush(db);
}

void SqliteStore::committed(std::span<WriteJob* const> jobs) {
  for (WriteJob* job : jobs) static_cast<Job*>(job)->tell(*this);
}

void SqliteStore::rolled_back() { heads_->forget(); }

void SqliteStore::note_due(Time due) {
  const std::int64_t at = due.time_since_epoch().count();
  std::int64_t next = next_due_.load();
  while (at < next && !next_due_.compare_exchange_weak(next, at)) {
  }
}

base::Task<Result<void>> SqliteStore::create(Task task) {
  CreateJob job;
  job.task = std::move(task);
  CO_TRY_OK(co_await writer_.submit(job));
  co_return std::move(job.answer);
}

base::Task<Result<Task>> SqliteStore::update(std::string id, Decide decide) {
  UpdateJob job;
  job.id = std::move(id);
  job.decide = std::move(decide);
  CO_TRY_OK(co_await writer_.submit(job));
  co_return std::move(job.answer);
}

base::Task<Result<std::vector<Event>>> SqliteStore::append(std::string id,
                                                           std::vector<NewEvent> events) {
  AppendJob job;
  job.id = std::move(id);
  job.events = std::move(events);
  CO_TRY_OK(co_await writer_.submit(job));
  CO_TRY_OK(std::move(job.answer));
  co_return std::move(job.added.events);
}

base::Task<Result<bool>> SqliteStore::restore(Archive archive, bool overwrite) {
  RestoreJob job;
  job.archive = std::move(archive);
  job.overwrite = overwrite;
  CO_TRY_OK(co_await writer_.submit(job));
  co_return std::move(job.answer);
}

base::Task<Result<void>> SqliteStore::settle() {
  SettleJob job;
  co_return co_await writer_.submit(job);
}

base::Task<Result<Task>> SqliteStore::find(std::string id) {
  std::function<Result<Task>(Database&)> read = [&id](Database& db) -> Result<Task> {
    TRY(auto task, rows::find(db, id));
    if (!task) return no_such_task(id);
    return std::move(*task);
  };
  co_return co_await readers_.run<Task>(std::move(read));
}

base::Task<Result<TaskPage>> SqliteStore::list(ListQuery query) {
  if (query.filter.matches_none) co_return TaskPage();
  std::function<Result<TaskPage>(Database&)> read = [&query](Database& db) {
    return rows::list(db, query);
  };
  co_return co_await readers_.run<TaskPage>(std::move(read));
}

base::Task<Result<History>> SqliteStore::history(std::string id, HistoryQuery query) {
  std::function<Result<History>(Database&)> read = [&id, &query](Database& db) {
    return rows::history(db, id, query);
  };
  co_return co_await readers_.run<History>(std::move(read));
}

base::Task<Result<LatestPage>> SqliteStore::latest(std::string id, LatestQuery query) {
  std::function<Result<LatestPage>(Database&)> read = [&id, &query](Database& db) {
    return rows::latest(db, id, query);
  };
  co_return co_await readers_.run<LatestPage>(std::move(read));
}

base::Task<Result<Numbering>> SqliteStore::numbering(std::string id, std::string client_id) {
  std::function<Result<Numbering>(Database&)> read = [&id, &client_id](Database& db) {
    return rows::numbering(db, id, client_id);
  };
  co_return co_await readers_.run<Numbering>(std::move(read));
}

Time SqliteStore::next_due() const { return Time(std::chrono::milliseconds(next_due_.load())); }

base::Task<Result<std::vector<std::string>>> SqliteStore::due(Time now) {
  // What is committed from here on notes its own moment; what was before is seen by the query.
  const std::int64_t before = next_due_.exchange(kNever);
  struct Found {
    std::vector<std::string> ids;
    std::int64_t next = kNever;
  };
  std::function<Result<Found>(Database&)> read = [now](Database& db) -> Result<Found> {
    Found found;
    TRY(auto row, db.prepare(kDue));
    row.bind(now.time_since_epoch().count());
    for (;;) {
      TRY(const bool is_there, row.step());
      if (!is_there) break;
      found.ids.emplace_back(row.text(0));
    }
    TRY(const auto next, db.integer(kNextDue));
    found.next = next.value_or(kNever);
    return found;
  };
  auto found = co_await readers_.run<Found>(std::move(read));
  note_due(Time(std::chrono::milliseconds(found ? found->next : before)));
  if (!found) co_return std::move(found.error());
  co_return std::move(found->ids);
}

}  // namespace tasks
