#include "tasks/publisher_order.h"

#include <gtest/gtest.h>

#include "test_executor.h"

namespace tasks {
namespace {

using Outcome = PublisherOrder::Outcome;

class PublisherOrderTest : public testing::Test {
 protected:
  /// Asks for a turn; notes when it is there, or why not.
  void take(std::int64_t number, OutOfTurn out_of_turn = OutOfTurn::hold) {
    run(number, out_of_turn).detach();
  }
  base::Task<void> run(std::int64_t number, OutOfTurn out_of_turn) {
    const auto refusal = co_await order_.take("t", "c", number, out_of_turn, stored_);
    constexpr const char* kNames[] = {"gap", "stale", "duplicate", "timeout"};
    told_ += refusal ? std::string(kNames[static_cast<int>(refusal->kind)]) + " " +
                           std::to_string(refusal->expected) + "<" +
                           std::to_string(refusal->received) + ";"
                     : std::to_string(number) + ";";
  }
  void store(std::int64_t number) {
    order_.done("t", "c", number, Outcome::stored);
    executor_.run_posted();
  }

  support::FakeClock clock_;
  support::TestExecutor executor_;
  PublisherOrder order_{clock_};
  PublisherOrder::Stored stored_;
  std::string told_;
};

TEST_F(PublisherOrderTest, WhatComesTooEarlyWaitsForThoseBeforeIt) {
  take(5);
  take(7);
  take(6);
  EXPECT_EQ(told_, "5;");
  store(5);
  EXPECT_EQ(told_, "5;6;");
  store(6);
  store(7);
  EXPECT_EQ(told_, "5;6;7;");
  EXPECT_EQ(order_.expected("t", "c"), 8);
}

TEST_F(PublisherOrderTest, WhatCannotBeItsTurnIsRefused) {
  take(5);
  take(5);
  store(5);
  take(4);
  take(8, OutOfTurn::fail);
  take(9);
  take(9);
  EXPECT_EQ(told_, "5;duplicate 5<5;stale 6<4;gap 6<8;duplicate 6<9;");
  order_.forget("t");
  executor_.run_posted();
}

TEST_F(PublisherOrderTest, OneThatFailedMayComeAgain) {
  take(1);
  take(2);
  order_.done("t", "c", 1, Outcome::failed);
  take(1);
  EXPECT_EQ(told_, "1;1;");
  store(1);
  EXPECT_EQ(told_, "1;1;2;");
}

TEST_F(PublisherOrderTest, AWaitEnds) {
  take(1);
  take(3);
  clock_.time += PublisherOrder::kHold - std::chrono::seconds{1};
  order_.expire();
  executor_.run_posted();
  EXPECT_EQ(told_, "1;");
  clock_.time += std::chrono::seconds{1};
  order_.expire();
  executor_.run_posted();
  EXPECT_EQ(told_, "1;timeout 1<3;");
}

TEST_F(PublisherOrderTest, ATasksEndLetsAllGo) {
  take(1);
  take(3);
  order_.forget("t");
  executor_.run_posted();
  EXPECT_EQ(told_, "1;3;");  // to hear from the store that it has ended
  store(1);
  EXPECT_FALSE(order_.expected("t", "c"));
}

TEST_F(PublisherOrderTest, AnArchiveSetsWhatThoseWhoWaitWaitFor) {
  take(1);
  store(1);
  for (const int number : {3, 4, 5, 7}) take(number);
  order_.renumber("t", {{"c", {4, PublisherOrder::kForget}}});
  executor_.run_posted();
  EXPECT_EQ(told_, "1;stale 4<3;4;");
  store(4);
  store(5);
  EXPECT_EQ(told_, "1;stale 4<3;4;5;");
  order_.renumber("t", {{"other", {7, PublisherOrder::kForget}}});
  executor_.run_posted();
  EXPECT_EQ(told_, "1;stale 4<3;4;5;timeout 6<7;");
  EXPECT_FALSE(order_.expected("t", "c"));
}

TEST_F(PublisherOrderTest, WhatIsStoredBesideAnArchiveDoesNotMoveItsNumbers) {
  take(1);
  take(2);
  order_.renumber("t", {{"c", {0, PublisherOrder::kForget}}});
  store(1);
  EXPECT_EQ(told_, "1;");
  EXPECT_EQ(order_.expected("t", "c"), 0);
  take(0);
  store(0);
  EXPECT_EQ(told_, "1;0;");
  take(1);
  store(1);
  EXPECT_EQ(told_, "1;0;1;2;");
  store(2);
}

TEST_F(PublisherOrderTest, AStopEndsEveryWait) {
  take(1);
  take(3);
  order_.stop();
  executor_.run_posted();
  take(4);
  EXPECT_EQ(told_, "1;timeout 1<3;timeout 1<4;");
}

TEST_F(PublisherOrderTest, NothingIsKeptOfWhoNeverStored) {
  take(1);
  order_.done("t", "c", 1, Outcome::failed);
  EXPECT_FALSE(order_.expected("t", "c"));
}

TEST_F(PublisherOrderTest, TheSilentAreForgotten) {
  take(1);
  store(1);
  clock_.time += PublisherOrder::kForget;
  order_.expire();
  EXPECT_FALSE(order_.expected("t", "c"));
  take(7);
  EXPECT_EQ(told_, "1;7;");
}

}  // namespace
}  // namespace tasks
