// What is known of publishers that number their events, on every store.
#include "store_contract.h"

namespace tasks {
namespace {

class StoreNumberingTest : public StoreContract {
 protected:
  static NewEvent numbered(std::int64_t n, NewEvent event = StoreContract::event("1")) {
    event.client_id = "c";
    event.client_seq = n;
    return event;
  }
  static NewEvent grown(std::string text) {
    return event(R"({"delta":")" + std::move(text) + R"("})", "o");
  }
  /// Publishes, and notes what came of it once it is known.
  void send(std::int64_t n, OutOfTurn out_of_turn = OutOfTurn::hold) {
    run(n, out_of_turn).detach();
  }
  base::Task<void> run(std::int64_t n, OutOfTurn out_of_turn) {
    std::vector<NewEvent> events;
    events.push_back(numbered(n));
    const auto published = co_await engine_->publish("t", std::move(events), out_of_turn);
    constexpr const char* kNames[] = {" gap ", " stale ", " duplicate ", " timeout "};
    outcome_ += std::to_string(n);
    if (published.refusal)
      outcome_ += kNames[static_cast<int>(published.refusal->kind)] +
                  std::to_string(published.refusal->expected);
    else
      outcome_ += published.events ? " taken" : " " + published.events.error().what;
    outcome_ += ";";
  }
  std::string number(std::int64_t n) {
    outcome_.clear();
    const auto one = [](StoreNumberingTest& test, std::int64_t number) -> base::Task<bool> {
      co_await test.run(number, OutOfTurn::fail);
      co_return true;
    };
    await(one(*this, n));
    return outcome_;
  }
  std::optional<std::int64_t> expected() {
    return await(engine_->expected_number("t", "c")).value();
  }
  /// As after a new start, where the store can have one.
  void restart() {
    engine_ = std::make_unique<Engine>(store(), clock_);
    reopen();
  }

  std::string outcome_;
};

TEST_P(StoreNumberingTest, ANumberOutlivesTheEventThatHadIt) {
  running("t");
  for (const std::int64_t n : {1, 2}) publish("t", numbered(n));
  publish("t", numbered(3, event("30", "pct", SeriesMode::latest)));
  publish("t", event("40", "pct", SeriesMode::latest));
  EXPECT_EQ(indexes("t"), "0 1 2 4");
  restart();
  EXPECT_EQ(expected(), 4);
  EXPECT_EQ(number(3), "3 stale 4;");
  EXPECT_EQ(number(4), "4 taken;");
  become("t", Status::completed);
  EXPECT_EQ(expected(), std::nullopt);
}

TEST_P(StoreNumberingTest, APublisherThatBeganAnewGoesOnFromThere) {
  running("t");
  publish("t", numbered(9));
  clock_.time += PublisherOrder::kForget;
  run_due();
  publish("t", numbered(0));
  restart();
  EXPECT_EQ(expected(), 1);
}

TEST_P(StoreNumberingTest, AfterAnImportTheLargestNumberCounts) {
  running("t");
  publish("t", numbered(1, grown("a")));
  publish("t", numbered(2));
  publish("t", numbered(3, grown("b")));
  ASSERT_TRUE(*await(engine_->import_archive(export_archive("t"), true)));
  EXPECT_EQ(expected(), 4);
  restart();
  EXPECT_EQ(expected(), 4);
  EXPECT_EQ(number(3), "3 stale 4;");
}

TEST_P(StoreNumberingTest, AnImportLeavesNothingOfTheNumbersBefore) {
  running("t");
  const Archive empty = export_archive("t");
  publish("t", numbered(1));
  ASSERT_TRUE(*await(engine_->import_archive(empty, true)));
  EXPECT_EQ(expected(), std::nullopt);
  restart();
  EXPECT_EQ(expected(), std::nullopt);
}

TEST_P(StoreNumberingTest, WhoWaitsGoesOnWaitingAfterAnImport) {
  running("t");
  publish("t", numbered(1));
  const Archive archive = export_archive("t");
  send(3);
  ASSERT_TRUE(*await(engine_->import_archive(archive, true)));
  executor_.run_posted();
  EXPECT_EQ(outcome_, "");
  EXPECT_EQ(number(2), "2 taken;");
  publish("t", numbered(4));  // waits for 3, which nothing holds up any more
  EXPECT_EQ(outcome_, "2 taken;3 taken;");
  EXPECT_EQ(indexes("t"), "0 1 2 3 4");
}

TEST_P(StoreNumberingTest, WhoWaitsIsJudgedByTheNumbersOfTheArchive) {
  running("t");
  publish("t", numbered(1));
  const Archive before = export_archive("t");
  for (const std::int64_t n : {2, 3, 4}) publish("t", numbered(n));
  const Archive later = export_archive("t");
  ASSERT_TRUE(*await(engine_->import_archive(before, true)));
  publish("t", numbered(2));
  for (const std::int64_t n : {4, 5, 7}) send(n);
  ASSERT_TRUE(*await(engine_->import_archive(later, true)));
  publish("t", numbered(6));
  publish("t", numbered(8));
  EXPECT_EQ(outcome_, "4 stale 5;5 taken;7 taken;");
}

TEST_P(StoreNumberingTest, WhoWaitsIsRefusedByAnArchiveThatDoesNotKnowIt) {
  running("t");
  const Archive empty = export_archive("t");
  publish("t", numbered(1));
  send(3);
  ASSERT_TRUE(*await(engine_->import_archive(empty, true)));
  executor_.run_posted();
  EXPECT_EQ(outcome_, "3 timeout 2;");
  EXPECT_EQ(number(2), "2 taken;");
}

TEST_P(StoreNumberingTest, WhoWaitsHearsOfATaskThatAnImportEnded) {
  running("t");
  publish("t", numbered(1));
  Archive ended = export_archive("t");
  ended.task.status = Status::completed;
  send(3);
  ASSERT_TRUE(*await(engine_->import_archive(ended, true)));
  executor_.run_posted();
  ASSERT_TRUE(await(store().settle()));
  executor_.run_posted();
  EXPECT_EQ(outcome_, "3 Cannot publish to task in terminal status: completed;");
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreNumberingTest, all_stores(), name_of);

}  // namespace
}  // namespace tasks
