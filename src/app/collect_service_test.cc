#include "collect_service.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "collector/backfill_state.h"
#include "test_executor.h"

namespace app {
namespace {

namespace fs = std::filesystem;
using collector::Settings;

std::string prompt(int day, int number) {
  return "{\"type\":\"user\",\"uuid\":\"u" + std::to_string(number) +
         "\",\"parentUuid\":null,\"sessionId\":\"7d1d6c0e-3a55-4f6e-8f0b-2b8f5c1f9e77\","
         "\"timestamp\":\"2026-03-0" +
         std::to_string(day) +
         "T10:00:00.000Z\",\"version\":\"2.1.0\",\"cwd\":\"/w/"
         "shop\",\"message\":{\"role\":\"user\","
         "\"content\":\"sort these lines\"}}\n";
}

class CollectServiceTest : public testing::Test {
 protected:
  CollectServiceTest() {
    settings_.backend_url = "http://127.0.0.1:9";  // nobody listens there
    settings_.api_key = "key";
    settings_.max_retries = 0;
    settings_.batch_interval = std::chrono::milliseconds{10};
    settings_.buffer_path = folder_ / "own/buffer.db";
    settings_.agents["claude"].log_path = folder_ / "logs";
    fs::create_directories(folder_ / "logs/-w-shop");
    std::ofstream(folder_ / "logs/-w-shop/a.jsonl")
        << prompt(1, 1) << prompt(2, 2) << prompt(2, 3) << "{broken\n"
        << prompt(3, 4);
  }
  BackfillResult backfill(BackfillOptions options = {}) {
    options.locations = locations_of(settings_);
    auto result = run_backfill(settings_, options, {});
    EXPECT_TRUE(result.ok()) << result.error().what;
    return result ? *result : BackfillResult{};
  }
  static base::Time day(int number) {
    return std::chrono::sys_days{std::chrono::year{2026} / 3 / number};
  }

  support::TemporaryFolder folder_;
  Settings settings_;
};

TEST_F(CollectServiceTest, WhatTheBackendDoesNotTakeWaitsInTheBuffer) {
  const BackfillResult result = backfill();
  EXPECT_EQ(result.unsent, result.processed);
  EXPECT_GE(result.processed, 4);
  EXPECT_EQ(result.skipped, 0);
  EXPECT_FALSE(result.was_stopped);
  auto db = store::Database::open(settings_.buffer_path, store::Access::read_only);
  ASSERT_TRUE(db.ok());
  const auto states = collector::backfill::all(*db);
  ASSERT_TRUE(states.ok());
  ASSERT_EQ(states->size(), 1u);
  EXPECT_EQ(states->front().status, collector::BackfillState::Status::completed);
}

TEST_F(CollectServiceTest, WhatWasTakenIsSkippedTheNextTime) {
  const std::int64_t all = backfill().processed;
  const BackfillResult again = backfill();
  EXPECT_EQ(again.processed, 0);
  EXPECT_EQ(again.skipped, all);
}

TEST_F(CollectServiceTest, ARangeHidesNothingFromAWiderOne) {
  BackfillOptions second;
  second.from = day(2);
  second.to = day(3);
  const std::int64_t some = backfill(second).processed;
  EXPECT_GE(some, 2);
  const std::int64_t rest = backfill().processed;
  EXPECT_GE(rest, 2);
  settings_.buffer_path = folder_ / "other/buffer.db";
  EXPECT_EQ(backfill().processed, some + rest);
}

// What was said then is known to be no later than now, whatever the time when it is read.
TEST_F(CollectServiceTest, WhatTellsNoTimeIsTakenUpToNow) {
  backfill();
  std::string untimed = prompt(4, 5);
  untimed.replace(untimed.find("\"timestamp\""), 11, "\"unknown\"");
  std::ofstream(folder_ / "logs/-w-shop/a.jsonl", std::ios::app) << untimed;
  BackfillOptions options;
  options.to = base::Clock::system().now() - std::chrono::seconds{1};
  options.dry_run = true;
  EXPECT_EQ(backfill(options).processed, 1);
  options.dry_run = false;
  EXPECT_EQ(backfill(options).processed, 1);
}

TEST_F(CollectServiceTest, D08_ADryRunCountsTheSameAndLeavesNothing) {
  BackfillOptions dry;
  dry.dry_run = true;
  const BackfillResult found = backfill(dry);
  EXPECT_FALSE(fs::exists(folder_ / "own"));
  EXPECT_EQ(found.processed, backfill().processed);
}

TEST_F(CollectServiceTest, ADryRunCountsWhatWouldBeNew) {
  // A session that is taken up again repeats what was said before.
  std::ofstream(folder_ / "logs/-w-shop/b.jsonl") << prompt(2, 2) << prompt(2, 3) << prompt(3, 5);
  BackfillOptions dry;
  dry.dry_run = true;
  const BackfillResult before = backfill(dry);
  const BackfillResult taken = backfill();
  EXPECT_EQ(before.processed, taken.processed);
  EXPECT_EQ(before.skipped, 0);

  std::ofstream(folder_ / "logs/-w-shop/a.jsonl", std::ios::app) << prompt(3, 6);
  const BackfillResult after = backfill(dry);
  EXPECT_EQ(after.processed, 1);
  EXPECT_EQ(after.skipped, taken.processed);
  EXPECT_EQ(backfill().processed, 1);
}

TEST_F(CollectServiceTest, OnlyAgentsThatAreEnabledAreLookedFor) {
  settings_.agents["codex"].enabled = false;
  settings_.agents["github-copilot"].log_path = "/w/copilot";  // by its other name
  const auto locations = locations_of(settings_);
  ASSERT_EQ(locations.size(), 2u);
  EXPECT_EQ(locations[0].agent, agents::Agent::copilot);  // the order of outputs
  EXPECT_EQ(agents::short_name(locations[1].agent), "claude");
}

}  // namespace
}  // namespace app
