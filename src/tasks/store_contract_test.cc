// What happens to tasks, on every store.
#include "store_contract.h"

namespace tasks {
namespace {

class StoreContractTest : public StoreContract {};

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

INSTANTIATE_TEST_SUITE_P(Stores, StoreContractTest, all_stores(), name_of);

}  // namespace
}  // namespace tasks
