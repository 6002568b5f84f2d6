// What every store of tasks does, whatever keeps them: one suite, a factory for each adapter.
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

namespace tasks {
namespace {

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

class StoreContractTest : public testing::TestWithParam<Adapter>, public StoreListener {
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

TEST_P(StoreContractTest, ATaskIsFoundAsItWasMade) {
  Task task;
  task.id = "t-1";
  task.type = "llm.chat";
  task.params = R"({"prompt":"Hi","none":null})";
  task.metadata = "{}";
  task.ttl = 600;
  task.auth_config = R"({"rules":[]})";
  task.webhooks = R"([{"url":"http://x"}])";
  task.cleanup = R"({"rules":[]})";
  task.tags = R"(["eu"])";
  task.assign_mode = AssignMode::ws_offer;
  task.cost = 2;
  task.disconnect_policy = DisconnectPolicy::mark;
  const Task made = create(task);
  std::string before, after;
  append_task(before, made);
  reopen();
  append_task(after, *await(store().find("t-1")));
  EXPECT_EQ(after, before);
  EXPECT_EQ(made.created_at, clock_.time);
  EXPECT_EQ(created_, std::vector<std::string>{"t-1"});
  EXPECT_TRUE(told_.empty());
}

TEST_P(StoreContractTest, AnIdIsTakenOnce) {
  Task task;
  task.id = "t";
  create(task);
  const auto again = await(engine_->create(task));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::conflict);
  EXPECT_EQ(again.error().what, "Task already exists: t");
}

TEST_P(StoreContractTest, WhatIsNotThereIsNotFound) {
  for (const auto& outcome : {await(store().find("no")), transition("no", Status::running)}) {
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Errc::not_found);
    EXPECT_EQ(outcome.error().what, "Task not found: no");
  }
  EXPECT_EQ(await(store().history("no", {})).error().code, Errc::not_found);
  std::vector<NewEvent> events;
  events.push_back(event("1"));
  EXPECT_EQ(await(store().append("no", std::move(events))).error().what, "Task not found: no");
}

TEST_P(StoreContractTest, ListsInTheOrderOfCreationWhatTheFilterWants) {
  Task typed;
  typed.id = "b";
  typed.type = "build";
  create(typed);
  running("a");
  running("c");
  const auto ids = [&](const TaskFilter& filter) {
    ListQuery query;
    query.filter = filter;
    std::string text;
    const auto page = await(store().list(query));
    EXPECT_TRUE(page->is_last);
    for (const Task& task : page->tasks) text += task.id;
    return text;
  };
  EXPECT_EQ(ids({}), "bac");
  EXPECT_EQ(ids({{Status::running}, std::nullopt, false}), "ac");
  EXPECT_EQ(ids({{}, "build", false}), "b");
  EXPECT_EQ(ids({{Status::running}, "build", false}), "");
  EXPECT_EQ(ids({{}, std::nullopt, true}), "");
}

TEST_P(StoreContractTest, AListGoesOnBehindEachPageWhateverIsCreatedMeanwhile) {
  for (int i = 0; i < 100; ++i) {
    Task task;
    task.id = "t" + std::to_string(i);
    task.type = i % 3 == 0 ? "third" : "other";
    create(std::move(task));
  }
  ListQuery query;
  query.filter.type = "third";
  query.limit = 7;
  std::string text;
  for (int pages = 0;; ++pages) {
    const auto page = await(store().list(query));
    ASSERT_TRUE(page) << page.error().what;
    if (pages == 0) query.through = page->newest;
    EXPECT_LE(page->tasks.size(), 7u);
    for (const Task& task : page->tasks) text += task.id + " ";
    if (page->is_last) break;
    ASSERT_GT(page->reached, query.after);
    query.after = page->reached;
    Task more;
    more.type = "third";
    create(std::move(more));
  }
  std::string expected;
  for (int i = 0; i < 100; i += 3) expected += "t" + std::to_string(i) + " ";
  EXPECT_EQ(text, expected);
}

TEST_P(StoreContractTest, APageOfAListEndsWhereItIsFullOfBytes) {
  for (const char* id : {"a", "b", "c"}) {
    Task task;
    task.id = id;
    task.params = R"({"x":")" + std::string(2000, 'x') + R"("})";
    create(std::move(task));
  }
  ListQuery query;
  query.max_bytes = 1000;
  const auto page = await(store().list(query));
  ASSERT_EQ(page->tasks.size(), 1u);
  EXPECT_FALSE(page->is_last);
  query.after = page->reached;
  EXPECT_EQ(await(store().list(query))->tasks.at(0).id, "b");
}

TEST_P(StoreContractTest, AnImportedTaskKeepsItsPlaceInLists) {
  running("a");
  create("b");
  Archive archive = export_archive("a");
  archive.task.type = "imported";
  ASSERT_TRUE(*await(engine_->import_archive(archive, true)));
  const auto page = await(store().list({}));
  ASSERT_EQ(page->tasks.size(), 2u);
  EXPECT_EQ(page->tasks[0].type, "imported");
  EXPECT_EQ(page->tasks[1].id, "b");
}

TEST_P(StoreContractTest, PagesOfAHistoryAreOnePictureWhateverIsPublishedMeanwhile) {
  running("t");
  publish("t", event("1", "early", SeriesMode::latest));
  std::vector<NewEvent> many;
  for (int i = 0; i < 700; ++i) many.push_back(event(std::to_string(i)));
  publish("t", std::move(many));
  for (const char* name : {"p", "q"}) publish("t", event("2", name, SeriesMode::latest));
  publish("t", event("end"));
  const auto before = history("t").events;

  HistoryPages pages = engine_->history("t", {});
  const auto first = await(pages.next());
  ASSERT_FALSE(first->is_last);
  for (const char* name : {"early", "p"}) publish("t", event("3", name, SeriesMode::latest));
  auto events = first->events;
  const auto rest = read(pages);
  events.insert(events.end(), rest->begin(), rest->end());
  std::string expected, found;
  for (const Event& event : before) append_event(expected, "t", event);
  for (const Event& event : events) append_event(found, "t", event);
  EXPECT_EQ(found, expected);

  HistoryQuery query;
  query.limit = 600;
  HistoryPages limited = engine_->history("t", query);
  EXPECT_EQ(read(limited)->size(), 600u);
}

TEST_P(StoreContractTest, PagesEndWithAnErrorWhenAnArchiveTakesTheTasksPlace) {
  running("t");
  std::vector<NewEvent> many;
  for (int i = 0; i < 1200; ++i) many.push_back(event(std::to_string(i)));
  publish("t", std::move(many));
  const Archive archive = export_archive("t");
  HistoryPages pages = engine_->history("t", {});
  ASSERT_FALSE(await(pages.next())->is_last);
  ASSERT_TRUE(*await(engine_->import_archive(archive, true)));
  const auto rest = read(pages);
  ASSERT_FALSE(rest);
  EXPECT_EQ(rest.error().code, Errc::gone);
}

TEST_P(StoreContractTest, AnEventOfAnArchiveIsNoOtherTasks) {
  running("a");
  publish("a", event("1"));
  const Archive made = export_archive("a");
  Archive brought = made;
  brought.task.id = "b";
  brought.events[0].id = "zzz";
  brought.events[1].id = "aaa";
  ASSERT_TRUE(await(engine_->import_archive(brought, false)));
  publish("b", event("2"));
  const auto import = [&](const std::string& id, bool overwrite = false) {
    Archive archive = brought;
    archive.task.id = "c";
    archive.events[0].id = "free";
    archive.events[1].id = id;
    const auto imported = await(engine_->import_archive(std::move(archive), overwrite));
    return imported ? std::string("taken") : imported.error().what;
  };
  const std::string text = "Archive event id conflicts with another task: ";
  for (const std::string& id : {made.events[0].id, made.events[1].id, std::string("aaa"),
                                std::string("zzz"), history("b").events.back().id})
    EXPECT_EQ(import(id), text + id);
  EXPECT_FALSE(await(store().find("c")));
  EXPECT_EQ(import("own"), "taken");
  EXPECT_EQ(import("own", true), "taken");
  EXPECT_EQ(import("aaa", true), text + "aaa");
  EXPECT_EQ(import("aaa"), "Task already exists: c");
  EXPECT_EQ(history("c").events.back().id, "own");
}

TEST_P(StoreContractTest, APublishersNumbersGoOnAfterANewStart) {
  create("t");
  const auto number = [&](std::int64_t n) {
    NewEvent numbered = event("1");
    numbered.client_id = "c";
    numbered.client_seq = n;
    std::vector<NewEvent> events;
    events.push_back(std::move(numbered));
    const auto published = await(engine_->publish("t", std::move(events), OutOfTurn::fail));
    if (!published.refusal) return std::string(published.events ? "taken" : "failed");
    return (published.refusal->kind == SequenceRefusal::Kind::stale ? "stale " : "gap ") +
           std::to_string(published.refusal->expected);
  };
  EXPECT_EQ(number(5), "taken");
  publish("t", event("free"));
  EXPECT_EQ(number(6), "taken");
  engine_ = std::make_unique<Engine>(store(), clock_);
  reopen();
  EXPECT_EQ(await(engine_->expected_number("t", "c")).value(), 7);
  EXPECT_EQ(await(engine_->expected_number("t", "d")).value(), std::nullopt);
  EXPECT_EQ(number(6), "stale 7");
  EXPECT_EQ(number(8), "gap 7");
  EXPECT_EQ(number(7), "taken");
  clock_.time += PublisherOrder::kForget;
  run_due();
  EXPECT_EQ(await(engine_->expected_number("t", "c")).value(), std::nullopt);
  EXPECT_EQ(number(0), "taken");
  become("t", Status::running);
  become("t", Status::completed);
  EXPECT_EQ(await(engine_->expected_number("t", "c")).value(), std::nullopt);
  EXPECT_EQ(number(0), "failed");
}

TEST_P(StoreContractTest, APublisherIsKnownForAsLongAsItsTaskMayTake) {
  create("t", 86'400);
  NewEvent numbered = event("1");
  numbered.client_id = "c";
  numbered.client_seq = 1;
  publish("t", numbered);
  clock_.time += std::chrono::hours{20};
  run_due();
  EXPECT_EQ(await(engine_->expected_number("t", "c")).value(), 2);
  engine_ = std::make_unique<Engine>(store(), clock_);
  EXPECT_EQ(await(engine_->expected_number("t", "c")).value(), 2);
}

TEST_P(StoreContractTest, MembersOfAnImportedTaskThatNoTaskHasStay) {
  Archive archive;
  archive.task.id = "t";
  archive.task.status = Status::running;
  archive.task.extra = R"({"owner":"me","n":[1,null]})";
  ASSERT_TRUE(await(engine_->import_archive(archive, false)));
  publish("t", event("1"));
  become("t", Status::completed);
  reopen();
  EXPECT_EQ(await(store().find("t"))->extra, archive.task.extra);
  EXPECT_EQ(export_archive("t").task.extra, archive.task.extra);
  Archive plain = archive;
  plain.task.extra.clear();
  ASSERT_TRUE(*await(engine_->import_archive(plain, true)));
  EXPECT_EQ(await(store().find("t"))->extra, "");
}

TEST_P(StoreContractTest, TheFirstTransitionTellsWithIndex0) {
  const Task task = running("t");
  EXPECT_EQ(publish("t", event("1")).index, 1);
  EXPECT_EQ(told_, (std::vector<std::string>{"0 taskcast:status", "1 x"}));
  const auto events = history("t").events;
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].data, R"({"status":"running"})");
  EXPECT_LT(events[0].id, events[1].id);
}

TEST_P(StoreContractTest, AnIllegalTransitionChangesNothing) {
  create("t");
  const auto refused = transition("t", Status::completed);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_EQ(refused.error().what, "Invalid transition: pending → completed");
  EXPECT_EQ(await(store().find("t"))->status, Status::pending);
  EXPECT_EQ(indexes("t"), "");
}

TEST_P(StoreContractTest, ASuspensionIsKept) {
  running("t");
  Transition block;
  block.to = Status::blocked;
  block.reason = "ok?";
  block.resume_after_ms = 30'000;
  block.blocked_request = R"({"type":"approve","data":{"n":1}})";
  ASSERT_TRUE(await(engine_->transition("t", block)));
  reopen();
  const Task task = *await(store().find("t"));
  EXPECT_EQ(task.reason, "ok?");
  EXPECT_EQ(task.blocked_request, R"({"type":"approve","data":{"n":1}})");
  EXPECT_EQ(task.resume_at, clock_.time + std::chrono::seconds{30});
}

TEST_P(StoreContractTest, NothingIsPublishedAfterTheEnd) {
  running("t");
  become("t", Status::completed);
  EXPECT_EQ(told_.back(), "end completed");
  std::vector<NewEvent> events;
  events.push_back(event("1"));
  const auto refused = await(store().append("t", std::move(events)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid_argument);
  EXPECT_EQ(refused.error().what, "Cannot publish to task in terminal status: completed");
}

TEST_P(StoreContractTest, OneOfManyTransitionsEndsATask) {
  running("t");
  int won = 0;
  for (int i = 0; i < 20; ++i)
    won += transition("t", i % 2 ? Status::completed : Status::failed).ok();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(indexes("t"), "0 1");
}

TEST_P(StoreContractTest, AnEventIsKeptWithAllThatItHas) {
  running("t");
  NewEvent full = event(R"({"delta":"a\nb","n":null})", "s", SeriesMode::keep_all);
  full.type = "llm.\"x\"";
  full.level = Level::warn;
  full.series_field = "text";
  full.client_id = "c";
  full.client_seq = 7;
  NewEvent bare = event("null");
  const Event stored = publish("t", full), none = publish("t", bare);
  reopen();
  const auto events = history("t").events;
  ASSERT_EQ(events.size(), 3u);
  std::string before, after;
  append_event(before, "t", stored);
  append_event(before, "t", none);
  append_event(after, "t", events[1]);
  append_event(after, "t", events[2]);
  EXPECT_EQ(after, before);
}

TEST_P(StoreContractTest, ADeltaStaysAndItsSeriesGrows) {
  running("t");
  for (const char* delta : {"A", "B", "C"})
    publish("t", event(R"({"delta":")" + std::string(delta) + R"("})", "s"));
  EXPECT_EQ(indexes("t"), "0 1 2 3");
  EXPECT_EQ(history("t").events[3].data, R"({"delta":"C"})");
  EXPECT_EQ(accumulated("t"), R"({"delta":"ABC"})");
  EXPECT_EQ(told_.back(), R"(3 x {"delta":"ABC"})");
  if (!reopen()) return;
  publish("t", event(R"({"delta":"D"})", "s"));
  EXPECT_EQ(accumulated("t"), R"({"delta":"ABCD"})");
}

TEST_P(StoreContractTest, OfALatestSeriesTheNewestStaysInTheOrderOfIndexes) {
  running("t");
  for (const char* data : {"1", "2"}) publish("t", event(data, "p", SeriesMode::latest));
  publish("t", event("9"));
  publish("t", event("3", "p", SeriesMode::latest));
  EXPECT_EQ(indexes("t"), "0 3 4");
  if (!reopen()) return;
  publish("t", event("4", "p", SeriesMode::latest));
  EXPECT_EQ(indexes("t"), "0 3 5");
  EXPECT_EQ(history("t").events.back().data, "4");
}

TEST_P(StoreContractTest, ABatchHasSuccessiveIndexes) {
  running("t");
  std::vector<NewEvent> batch;
  for (int i = 0; i < 50; ++i) batch.push_back(event(std::to_string(i)));
  const auto stored = publish("t", std::move(batch));
  ASSERT_EQ(stored.size(), 50u);
  for (std::size_t i = 0; i < stored.size(); ++i) {
    EXPECT_EQ(stored[i].index, static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ(stored[i].data, std::to_string(i));
  }
}

TEST_P(StoreContractTest, HistoryBeginsBehindTheFirstCursorThatIsSet) {
  running("t");
  std::vector<Event> stored;
  for (int i = 0; i < 5; ++i) {
    clock_.time += std::chrono::seconds{1};
    stored.push_back(publish("t", event("0")));
  }
  EXPECT_EQ(indexes("t", since_id(stored[1].id)), "3 4 5");
  EXPECT_EQ(indexes("t", since_id("unknown")), "0 1 2 3 4 5");
  EXPECT_EQ(indexes("t", since_index(3)), "4 5");
  EXPECT_EQ(indexes("t", since_index(0, 2)), "1 2");
  HistoryQuery query;
  query.since.timestamp = stored[2].timestamp;
  EXPECT_EQ(indexes("t", query), "4 5");
  query = since_id(stored[3].id);
  query.since.index = 0;
  EXPECT_EQ(indexes("t", query), "5");
  query = {};
  query.through = 2;
  EXPECT_EQ(indexes("t", query), "0 1 2");
  EXPECT_FALSE(history("t", since_index(-1, 5)).is_last);
  EXPECT_TRUE(history("t", since_index(-1, 6)).is_last);
  EXPECT_EQ(history("t").newest_index, 5);
}

TEST_P(StoreContractTest, AnArchiveGoesOutAndInAgain) {
  running("t");
  for (const char* delta : {"Hel", "lo"})
    publish("t", event(R"({"delta":")" + std::string(delta) + R"("})", "o"));
  publish("t", event("40", "p", SeriesMode::latest));
  publish("t", event("80", "p", SeriesMode::latest));
  become("t", Status::completed);
  const Archive archive = export_archive("t");
  ASSERT_EQ(archive.events.size(), 4u);
  EXPECT_EQ(archive.events[1].data, R"({"delta":"Hello"})");
  EXPECT_EQ(archive.events[2].data, "80");

  const auto refused = await(engine_->import_archive(archive, false));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::conflict);
  told_.clear();
  EXPECT_TRUE(*await(engine_->import_archive(archive, true)));
  EXPECT_EQ(told_, std::vector<std::string>{"restored t to 3"});
  EXPECT_EQ(indexes("t"), "0 1 2 3");

  Archive other = archive;
  other.task.id = "u";
  other.task.status = Status::running;
  base::UlidGenerator ids(clock_);
  for (Event& event : other.events) event.id = ids.next();
  EXPECT_FALSE(*await(engine_->import_archive(other, false)));
  publish("u", event(R"({"delta":"!"})", "o"));
  publish("u", event("90", "p", SeriesMode::latest));
  EXPECT_EQ(accumulated("u"), R"({"delta":"Hello!"})");
  EXPECT_EQ(indexes("u"), "0 1 3 4 5");
}

TEST_P(StoreContractTest, ATaskTimesOutOnceItsTimeIsOver) {
  create("t", 60);
  create("free");
  become("t", Status::running);
  EXPECT_EQ(store().next_due(), clock_.time + std::chrono::seconds{60});
  clock_.time += std::chrono::seconds{59};
  run_due();
  EXPECT_EQ(await(store().find("t"))->status, Status::running);
  clock_.time += std::chrono::seconds{1};
  run_due();
  const Task task = *await(store().find("t"));
  EXPECT_EQ(task.status, Status::timeout);
  EXPECT_EQ(task.completed_at, clock_.time);
  EXPECT_EQ(history("t").events.back().data, R"({"status":"timeout"})");
  EXPECT_EQ(told_.back(), "end timeout");
  EXPECT_EQ(store().next_due(), base::Time::max());
}

TEST_P(StoreContractTest, APausedTasksTimeStandsStillAndThenBeginsAnew) {
  create("t", 60);
  become("t", Status::paused);
  clock_.time += std::chrono::hours{1};
  run_due();
  become("t", Status::running);
  clock_.time += std::chrono::seconds{59};
  run_due();
  EXPECT_EQ(await(store().find("t"))->status, Status::running);
  reopen();
  clock_.time += std::chrono::seconds{1};
  run_due();
  EXPECT_EQ(await(store().find("t"))->status, Status::timeout);
}

TEST_P(StoreContractTest, ABlockedTaskRunsOnAtItsTime) {
  running("t");
  Transition block;
  block.to = Status::blocked;
  block.resume_after_ms = 1000;
  ASSERT_TRUE(await(engine_->transition("t", block)));
  reopen();
  clock_.time += std::chrono::seconds{1};
  run_due();
  const Task task = *await(store().find("t"));
  EXPECT_EQ(task.status, Status::running);
  EXPECT_FALSE(task.resume_at);
}

TEST_P(StoreContractTest, IndexesGoOnAfterANewStart) {
  running("t");
  publish("t", event("1"));
  if (!reopen()) GTEST_SKIP() << "nothing is kept";
  EXPECT_EQ(publish("t", event("2")).index, 2);
  EXPECT_EQ(indexes("t"), "0 1 2");
}

INSTANTIATE_TEST_SUITE_P(
    Stores, StoreContractTest,
    testing::Values(Adapter{"Memory",
                            [](const base::Clock& clock) -> std::unique_ptr<StoreUnderTest> {
                              return std::make_unique<MemoryUnderTest>(clock);
                            }},
                    Adapter{"Sqlite",
                            [](const base::Clock& clock) -> std::unique_ptr<StoreUnderTest> {
                              return std::make_unique<SqliteUnderTest>(clock);
                            }}),
    [](const testing::TestParamInfo<Adapter>& adapter) { return adapter.param.name; });

}  // namespace
}  // namespace tasks
