#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <thread>

#include "base/ulid.h"
#include "tasks/archive.h"
#include "tasks/engine.h"
#include "tasks/memory_store.h"
#include "tasks/sqlite_store.h"
#include "tasks/wire.h"
#include "test_executor.h"

/// What every store of tasks does, whatever keeps them: one suite, a factory for each adapter.
namespace tasks {

using base::Errc;

/// A store with what it needs around it.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual TaskStore& store() = 0;
  /// The same data after a new start; false where there is none.
  virtual bool reopen() { return false; }
};

class MemoryUnderTest : public StoreUnderTest {
 public:
  explicit MemoryUnderTest(const base::Clock& clock) : store_(clock) {}
  TaskStore& store() override { return store_; }

 private:
  MemoryStore store_;
};

class SqliteUnderTest : public StoreUnderTest {
 public:
  explicit SqliteUnderTest(const base::Clock& clock) : clock_(clock) { open(); }
  ~SqliteUnderTest() override { close(); }
  TaskStore& store() override { return *store_; }
  bool reopen() override {
    close();
    open();
    return true;
  }

 private:
  void open() {
    pool_.emplace();
    auto opened = SqliteStore::open(folder_ / "tasks.db", {*pool_, 1, clock_, metrics_});
    if (!opened) throw std::runtime_error(opened.error().what);
    store_ = std::move(*opened);
    writer_ = std::thread([this] { store_->run(); });
    worker_ = std::thread([this] { pool_->work(0); });
  }
  void close() {
    store_->stop();
    writer_.join();
    pool_->stop();
    worker_.join();
    store_->close_readers();
    store_.reset();
  }

  const base::Clock& clock_;
  support::TemporaryFolder folder_;
  base::Metrics metrics_;
  std::optional<base::WorkerPool> pool_;
  std::unique_ptr<SqliteStore> store_;
  std::thread writer_, worker_;
};

struct Adapter {
  const char* name;
  std::function<std::unique_ptr<StoreUnderTest>(const base::Clock&)> make;
};

class StoreContract : public testing::TestWithParam<Adapter>, public StoreListener {
 protected:
  void SetUp() override {
    under_test_ = GetParam().make(clock_);
    store().set_listener(*this);
    engine_ = std::make_unique<Engine>(store(), clock_);
  }
  bool reopen() {
    if (!under_test_->reopen()) return false;
    store().set_listener(*this);
    engine_ = std::make_unique<Engine>(store(), clock_);
    return true;
  }

  void created(std::string_view id) override { created_.emplace_back(id); }
  void appended(const Appended& appended) override {
    for (std::size_t i = 0; i < appended.events.size(); ++i) {
      const Event& event = appended.events[i];
      told_.push_back(std::to_string(event.index) + " " + event.type);
      if (i < appended.accumulated.size() && !appended.accumulated[i].empty())
        told_.back() += " " + appended.accumulated[i];
    }
    if (appended.end) told_.push_back("end " + std::string(name(*appended.end)));
  }
  void restored(std::string_view id, std::int64_t newest, std::optional<Status>) override {
    told_.push_back("restored " + std::string(id) + " to " + std::to_string(newest));
  }
  bool wants_accumulated(std::string_view) const override { return true; }

  TaskStore& store() { return under_test_->store(); }
  template <class T>
  T await(base::Task<T> task) {
    return executor_.await(std::move(task));
  }

  Task create(Task task) {
    auto made = await(engine_->create(std::move(task)));
    EXPECT_TRUE(made) << made.error().what;
    return made ? *made : Task();
  }
  Task create(std::string id, std::optional<std::int64_t> ttl = {}) {
    Task task;
    task.id = std::move(id);
    task.ttl = ttl;
    return create(std::move(task));
  }
  Task running(const std::string& id) {
    create(id);
    return become(id, Status::running);
  }
  base::Result<Task> transition(const std::string& id, Status to) {
    Transition transition;
    transition.to = to;
    return await(engine_->transition(id, std::move(transition)));
  }
  Task become(const std::string& id, Status to) {
    auto moved = transition(id, to);
    EXPECT_TRUE(moved) << moved.error().what;
    return moved ? *moved : Task();
  }

  static NewEvent event(std::string data, std::optional<std::string> series = {},
                        SeriesMode mode = SeriesMode::accumulate) {
    NewEvent event;
    event.type = "x";
    event.data = std::move(data);
    event.series_id = std::move(series);
    if (event.series_id) event.series_mode = mode;
    return event;
  }
  std::vector<Event> publish(const std::string& id, std::vector<NewEvent> events) {
    auto published = await(engine_->publish(id, std::move(events)));
    EXPECT_TRUE(published.events) << published.events.error().what;
    return published.events ? *published.events : std::vector<Event>();
  }
  Event publish(const std::string& id, NewEvent event) {
    std::vector<NewEvent> events;
    events.push_back(std::move(event));
    auto stored = publish(id, std::move(events));
    return stored.empty() ? Event() : stored.front();
  }
  static HistoryQuery since_id(std::string id) {
    HistoryQuery query;
    query.since.id = std::move(id);
    return query;
  }
  static HistoryQuery since_index(std::int64_t index, std::int64_t limit = 0) {
    HistoryQuery query;
    query.since.index = index;
    query.limit = limit;
    return query;
  }
  History history(const std::string& id, HistoryQuery query = {}) {
    auto history = await(store().history(id, std::move(query)));
    EXPECT_TRUE(history) << history.error().what;
    return history ? *history : History();
  }
  /// All that pages bring; an error ends it.
  base::Result<std::vector<Event>> read(HistoryPages& pages) {
    std::vector<Event> events;
    for (;;) {
      auto page = await(pages.next());
      if (!page) return std::move(page.error());
      for (Event& event : page->events) events.push_back(std::move(event));
      if (page->is_last) return events;
    }
  }
  Archive export_archive(const std::string& id) {
    HistoryPages pages = engine_->archive(id);
    History page = *await(pages.next());
    Archive archive{*page.task, {}};
    ArchivedEvents archived(std::move(page.accumulated));
    const auto take = [&](std::vector<Event> events) {
      for (Event& event : events)
        if (auto next = archived.next(std::move(event))) archive.events.push_back(std::move(*next));
    };
    const bool is_last = page.is_last;
    take(std::move(page.events));
    if (!is_last) take(*read(pages));
    return archive;
  }
  void run_due() {
    const auto run = [](Engine& engine) -> base::Task<bool> {
      co_await engine.run_due();
      co_return true;
    };
    await(run(*engine_));
  }
  std::string indexes(const std::string& id, HistoryQuery query = {}) {
    std::string text;
    for (const Event& event : history(id, std::move(query)).events)
      text += (text.empty() ? "" : " ") + std::to_string(event.index);
    return text;
  }
  std::string accumulated(const std::string& id) {
    HistoryQuery query;
    query.with_series = true;
    std::string text;
    for (const Event& event : history(id, query).accumulated) text += event.data;
    return text;
  }

  support::FakeClock clock_;
  support::TestExecutor executor_;
  std::vector<std::string> created_, told_;
  std::unique_ptr<StoreUnderTest> under_test_;
  std::unique_ptr<Engine> engine_;
};

inline auto all_stores() {
  return testing::Values(
      Adapter{"Memory",
              [](const base::Clock& clock) -> std::unique_ptr<StoreUnderTest> {
                return std::make_unique<MemoryUnderTest>(clock);
              }},
      Adapter{"Sqlite", [](const base::Clock& clock) -> std::unique_ptr<StoreUnderTest> {
                return std::make_unique<SqliteUnderTest>(clock);
              }});
}
inline std::string name_of(const testing::TestParamInfo<Adapter>& adapter) {
  return adapter.param.name;
}

}  // namespace tasks
