#include "collect_backfill.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "test_executor.h"

namespace app {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr base::Time kNow{1'772'366'400'000ms};       // 2026-03-01T12:00:00Z
constexpr base::Time kMidnight{1'772'323'200'000ms};  // of that day

BackfillArguments with_range(std::string from, std::string to, std::int64_t days = 0) {
  BackfillArguments given;
  given.from = std::move(from);
  given.to = std::move(to);
  given.days = days;
  return given;
}

TEST(CollectBackfillTest, TheRangeIsOfWholeDaysAndEndsBeforeTheLast) {
  const auto range = backfill_range(with_range("2026-02-28", "2026-03-01", 9), kNow);
  ASSERT_TRUE(range.ok());
  EXPECT_EQ(range->from, kMidnight - std::chrono::days(1));
  EXPECT_EQ(range->to, kMidnight);
}

TEST(CollectBackfillTest, TheRangeIsOpenUnlessDaysSayWhereItBegins) {
  EXPECT_EQ(backfill_range(with_range("", ""), kNow)->from, std::nullopt);
  EXPECT_EQ(backfill_range(with_range("", ""), kNow)->to, kNow);
  EXPECT_EQ(backfill_range(with_range("", "", 2), kNow)->from, kNow - std::chrono::days(2));
  EXPECT_EQ(backfill_range(with_range("", "", -2), kNow)->from, std::nullopt);
  EXPECT_TRUE(backfill_range(with_range("", "", INT64_MAX), kNow)->from.has_value());
}

TEST(CollectBackfillTest, WhatIsNoDayIsRefusedByTheNameOfItsEnd) {
  for (const char* text : {"yesterday", "2026-02-30", "2026-2-3", "2026/02/03", "2026-02-03T00",
                           "-026-02-03", "2026-00-01", "20a6-01-01"}) {
    const auto from = backfill_range(with_range(text, ""), kNow);
    const auto to = backfill_range(with_range("", text), kNow);
    ASSERT_FALSE(from.ok() || to.ok()) << text;
    EXPECT_TRUE(from.error().what.starts_with("invalid from date: ")) << from.error().what;
    EXPECT_TRUE(to.error().what.starts_with("invalid to date: ")) << to.error().what;
  }
}

class CollectBackfillChoiceTest : public testing::Test {
 protected:
  CollectBackfillChoiceTest() {
    for (const char* hash : {"h1", "h2", "h3"})
      fs::create_directories(
          folder_ / (".config/Code/User/workspaceStorage/" + std::string(hash) + "/chatSessions"));
    settings_.agents["copilot"] = {};
  }
  base::Result<BackfillChoice> choice() {
    return backfill_choice(given_, settings_,
                           [this](const std::string& name) -> std::optional<std::string> {
                             if (name == "HOME") return folder_.path();
                             return std::nullopt;
                           });
  }
  /// The workspaces of what is chosen, or why nothing is.
  std::string chosen() {
    const auto found = choice();
    if (!found) return found.error().what;
    std::string names;
    for (const agents::Source& source : found->sources)
      names += fs::path(source.path).parent_path().filename().string() + " ";
    return names + std::to_string(found->left_out);
  }

  support::TemporaryFolder folder_;
  collector::Settings settings_;
  BackfillArguments given_;
};

TEST_F(CollectBackfillChoiceTest, IsTheFirstSourceUnlessAllOrSomeAreAskedFor) {
  EXPECT_EQ(chosen(), "h1 2");
  given_.all_workspaces = true;
  EXPECT_EQ(chosen(), "h1 h2 h3 0");
  given_.workspaces = {"h3", "h2"};
  EXPECT_EQ(chosen(), "h2 h3 0");
  given_.workspaces = {"h9"};
  EXPECT_EQ(chosen(), "no logs found for specified workspaces");
}

TEST_F(CollectBackfillChoiceTest, TakesBothNamesOfAnAgentAndRefusesOthers) {
  given_.agent = "github-copilot";
  EXPECT_EQ(chosen(), "h1 2");
  given_.agent = "nobody";
  EXPECT_EQ(chosen(), "unknown agent: nobody");
  given_.agent = "aider";
  EXPECT_EQ(chosen(), "no logs found for agent aider");
}

TEST_F(CollectBackfillChoiceTest, IsWhatIsConfiguredOrGivenWhetherItIsThereOrNot) {
  settings_.agents["copilot"].log_path = "";
  EXPECT_EQ(chosen(), "no log path specified");
  settings_.agents["copilot"].log_path = "/none/at/all.log";
  EXPECT_EQ(chosen(), "at 0");
  given_.path = "/other/one";
  EXPECT_EQ(chosen(), "other 0");
}

TEST(CollectBackfillTest, TheBarHasTwentyCells) {
  EXPECT_EQ(backfill_bar({840, 1000, 420}, 1'639'063'000ns),
            "Progress: [████████░░░░░░░░░░░░] 42.0% | Events: 840 | Speed: 512.5/s");
  EXPECT_EQ(backfill_bar({0, 0, 0}, 0ns),
            "Progress: [████████████████████] 100.0% | Events: 0 | Speed: 0.0/s");
  EXPECT_EQ(backfill_bar({1, 10, 11}, 1s),
            "Progress: [████████████████████] 100.0% | Events: 1 | Speed: 1.0/s");
}

BackfillResult result() {
  BackfillResult result;
  result.processed = 840;
  result.skipped = 3;
  result.errors = 1;
  result.bytes = 3 << 19;
  result.duration = 2'022'899'324ns;
  return result;
}

TEST(CollectBackfillTest, TheSummaryCountsWorkspacesIfThereAreSeveral) {
  const std::string rest =
      "Duration: 2.022899324s\nEvents processed: 840\nEvents skipped: 3 (duplicates)\nErrors: 1\n"
      "Throughput: 415.2 events/sec\nData processed: 1.50 MB\n";
  EXPECT_EQ(backfill_summary(result(), 1), "✓ Backfill completed\n" + rest);
  EXPECT_EQ(backfill_summary(result(), 2),
            "✓ Backfill completed\nWorkspaces processed: 2\n" + rest);
}

TEST(CollectBackfillTest, WhatWasStoppedIsNotCalledCompleted) {
  BackfillResult stopped = result();
  stopped.was_stopped = true;
  EXPECT_EQ(backfill_summary(stopped, 1).find("completed"), std::string::npos);
  EXPECT_NE(backfill_json(stopped, {}, 1).find("\"stopped\":true"), std::string::npos);
}

TEST(CollectBackfillTest, EachWayNotToArriveIsALine) {
  BackfillResult missing = result();
  EXPECT_EQ(backfill_complaint(missing), "");
  missing.unsent = 5;
  missing.why_unsent = "no route\x1b[2J";
  missing.parked = 2;
  const std::string lines = backfill_complaint(missing);
  EXPECT_TRUE(lines.starts_with("Error: 5 events wait to be sent: no route")) << lines;
  EXPECT_TRUE(lines.ends_with("\nError: 2 events were refused and set aside\n")) << lines;
  EXPECT_EQ(lines.find('\x1b'), std::string::npos);
  const std::string json = backfill_json(missing, {}, 1);
  EXPECT_NE(json.find(R"("unsent":5,"parked":2)"), std::string::npos) << json;
}

TEST(CollectBackfillTest, TheNoticeHasFiveLines) {
  const std::string notice = backfill_notice();
  EXPECT_TRUE(
      notice.starts_with("⚠️  DEPRECATED: The 'backfill run' command is deprecated.\n"));
  EXPECT_EQ(std::count(notice.begin(), notice.end(), '\n'), 6);  // and an empty one
}

}  // namespace
}  // namespace app
