// What is read of tasks, and what comes and goes as a whole, on every store.
#include "store_contract.h"

namespace tasks {
namespace {

class StoreReadingTest : public StoreContract {};

TEST_P(StoreReadingTest, ListsInTheOrderOfCreationWhatTheFilterWants) {
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

TEST_P(StoreReadingTest, AListGoesOnBehindEachPageWhateverIsCreatedMeanwhile) {
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

TEST_P(StoreReadingTest, APageOfAListEndsWhereItIsFullOfBytes) {
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

TEST_P(StoreReadingTest, MembersThatNoTaskHasCountInAPageOfAList) {
  for (const char* id : {"a", "b"}) {
    Archive archive;
    archive.task.id = id;
    archive.task.extra = R"({"x":")" + std::string(2000, 'x') + R"("})";
    ASSERT_TRUE(await(engine_->import_archive(std::move(archive), false)));
  }
  ListQuery query;
  query.max_bytes = 1000;
  EXPECT_EQ(await(store().list(query))->tasks.size(), 1u);
}

TEST_P(StoreReadingTest, AnImportedTaskKeepsItsPlaceInLists) {
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

TEST_P(StoreReadingTest, PagesEndWithAnErrorWhenAnArchiveTakesTheTasksPlace) {
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

TEST_P(StoreReadingTest, AnEventOfAnArchiveIsNoOtherTasks) {
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

TEST_P(StoreReadingTest, TheIdOfAnEventThatIsGoneIsFree) {
  Archive archive;
  archive.task.status = Status::running;
  const auto import = [&](const std::string& task, const std::string& id,
                          std::optional<std::string> series = {}) {
    archive.task.id = task;
    archive.events.assign(1, {});
    Event& event = archive.events[0];
    static_cast<NewEvent&>(event) = StoreContract::event("1", series, SeriesMode::latest);
    event.id = id;
    return await(engine_->import_archive(archive, true)).ok();
  };
  EXPECT_TRUE(import("a", "x", "p"));
  EXPECT_FALSE(import("b", "x"));
  publish("a", event("2", "p", SeriesMode::latest));
  EXPECT_TRUE(import("b", "x"));
  EXPECT_TRUE(import("b", "y"));
  EXPECT_TRUE(import("c", "x"));
  EXPECT_FALSE(import("a", "y"));
}

TEST_P(StoreReadingTest, APublishersNumbersGoOnAfterANewStart) {
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

TEST_P(StoreReadingTest, APublisherIsKnownForAsLongAsItsTaskMayTake) {
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

TEST_P(StoreReadingTest, MembersOfAnImportedTaskThatNoTaskHasStay) {
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

TEST_P(StoreReadingTest, HistoryBeginsBehindTheFirstCursorThatIsSet) {
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

TEST_P(StoreReadingTest, AnArchiveGoesOutAndInAgain) {
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

INSTANTIATE_TEST_SUITE_P(Stores, StoreReadingTest, all_stores(), name_of);

}  // namespace
}  // namespace tasks
