#include "tasks/state_machine.h"

#include <gtest/gtest.h>

namespace tasks {
namespace {

constexpr base::Time kNow{std::chrono::milliseconds{1'000'000}};

Task task_in(Status status) {
  Task task;
  task.status = status;
  return task;
}

TEST(StateMachineTest, TheMatrixIsThatOfTheContract) {
  // Rows: from; columns: to; both in the order of Status.
  constexpr const char* kMatrix[] = {".xxx...xx", "x.xx...xx", "...xxxxxx",
                                     ".xx.x..xx", ".xxx..xxx", ".........",
                                     ".........", ".........", "........."};
  for (int from = 0; from < 9; ++from)
    for (int to = 0; to < 9; ++to)
      EXPECT_EQ(can_become(static_cast<Status>(from), static_cast<Status>(to)),
                kMatrix[from][to] == 'x')
          << from << " " << to;
}

TEST(StateMachineTest, ResultAndErrorStayUntilTheyAreReplaced) {
  Task task = task_in(Status::running);
  task.result = R"({"n":1})";
  Transition fail;
  fail.to = Status::failed;
  fail.error = R"({"message":"no"})";
  const Change change = *tasks::change(task, fail, kNow);
  EXPECT_EQ(change.task.result, R"({"n":1})");
  ASSERT_EQ(change.events.size(), 1u);
  EXPECT_EQ(change.events[0].data,
            R"({"status":"failed","result":{"n":1},"error":{"message":"no"}})");
  EXPECT_EQ(change.task.completed_at, kNow);
}

TEST(StateMachineTest, SuspensionKeepsWhatIsNotReplacedAndLeavingDropsIt) {
  Transition block;
  block.to = Status::blocked;
  block.reason = "why";
  block.resume_after_ms = 5;
  block.blocked_request = R"({"type":"a","data":1})";
  Change change = *tasks::change(task_in(Status::running), block, kNow);
  ASSERT_EQ(change.events.size(), 2u);
  EXPECT_EQ(change.events[1].type, kBlockedEvent);
  EXPECT_EQ(change.events[1].data, R"({"reason":"why","request":{"type":"a","data":1}})");

  Transition pause;
  pause.to = Status::paused;
  pause.resume_after_ms = 99;                          // of no effect here
  pause.blocked_request = R"({"type":"b","data":2})";  // nor this
  change = *tasks::change(change.task, pause, kNow);
  EXPECT_EQ(change.task.reason, "why");
  EXPECT_EQ(change.task.resume_at, kNow + std::chrono::milliseconds{5});
  EXPECT_EQ(change.task.blocked_request, R"({"type":"a","data":1})");

  Transition run;
  change = *tasks::change(change.task, run, kNow);
  EXPECT_FALSE(change.task.reason || change.task.resume_at);
  EXPECT_EQ(change.task.blocked_request, "");
  EXPECT_EQ(change.events.size(), 1u);  // it was paused last: nothing is resolved
}

TEST(StateMachineTest, AnAnswerTellsTheResolution) {
  Task task = task_in(Status::blocked);
  task.blocked_request = R"({"type":"a","data":1})";
  Transition run;
  run.result = R"({"resolution":"yes"})";
  const Change change = *tasks::change(task, run, kNow);
  ASSERT_EQ(change.events.size(), 2u);
  EXPECT_EQ(change.events[1].type, kResolvedEvent);
  EXPECT_EQ(change.events[1].data, R"({"resolution":{"resolution":"yes"}})");
}

TEST(StateMachineTest, TheDeadlineMovesOnlyWhenTheTtlDoes) {
  Task task = task_in(Status::assigned);
  task.ttl = 60;
  task.deadline = deadline_of(60, kNow);
  const base::Time later = kNow + std::chrono::seconds{10};
  Transition run;
  run.ttl = 60;
  Change change = *tasks::change(task, run, later);
  EXPECT_EQ(change.task.deadline, task.deadline);
  Transition block;
  block.to = Status::blocked;
  block.ttl = 30;
  change = *tasks::change(change.task, block, later);
  EXPECT_EQ(change.task.deadline, later + std::chrono::seconds{30});
  Transition pause;
  pause.to = Status::paused;
  change = *tasks::change(change.task, pause, later);
  EXPECT_FALSE(change.task.deadline);
  change = *tasks::change(change.task, Transition{}, later);
  EXPECT_EQ(change.task.deadline, later + std::chrono::seconds{30});
}

TEST(StateMachineTest, ATtlPastTheEndOfTimeNeverComes) {
  EXPECT_FALSE(deadline_of((std::int64_t{1} << 53) - 1, kNow) &&
               *deadline_of((std::int64_t{1} << 53) - 1, kNow) < kNow);
  EXPECT_FALSE(deadline_of(std::numeric_limits<std::int64_t>::max(), kNow));
}

}  // namespace
}  // namespace tasks
