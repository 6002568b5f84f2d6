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

INSTANTIATE_TEST_SUITE_P(Stores, StoreNumberingTest, all_stores(), name_of);

}  // namespace
}  // namespace tasks
