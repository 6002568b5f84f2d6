#include "report.h"

#include <gtest/gtest.h>

namespace bench {
namespace {

TEST(Report, TellsANoteOnceAndGoesOn) {
  Report report;
  report.add_note("usage_daily", "ccusage is not there");
  report.add_note("usage_daily", "ccusage is not there");
  EXPECT_FALSE(report.has_problems());
  EXPECT_EQ(report.to_json(std::vector<Goal>(), std::vector<Ratio>()),
            "{\n  \"figures\": {\n\n  },\n  \"ratios\": {\n\n  },\n"
            "  \"notes\": [\n    \"usage_daily: ccusage is not there\"\n  ],\n"
            "  \"problems\": [\n\n  ]\n}\n");
}

TEST(Report, LeavesOutARatioWithoutItsFigures) {
  Report report;
  const std::vector<Ratio> ratios = {{"original_to_ours", "daily", "original_ms", "daily", "ms"}};
  report.add("daily", "ms", 20);
  EXPECT_EQ(report.to_json(std::vector<Goal>(), ratios).find("original_to_ours"),
            std::string::npos);
  report.add("daily", "original_ms", 500);
  EXPECT_NE(
      report.to_json(std::vector<Goal>(), ratios).find("\"original_to_ours\": {\"value\":25}"),
      std::string::npos);
}

TEST(Report, TellsWhetherARatioReachesItsLimit) {
  using enum Goal::Bound;
  Report report;
  report.add("daily", "original_ms", 500);
  report.add("daily", "ms", 20);
  const auto told = [&report](const Ratio& ratio) {
    const std::string json = report.to_json(std::vector<Goal>(), std::vector<Ratio>{ratio});
    const std::size_t start = json.find("{\"value\"");
    return json.substr(start, json.find('}', start) + 1 - start);
  };
  Ratio ratio{"original_to_ours", "daily", "original_ms", "daily", "ms", 26, at_least};
  EXPECT_EQ(told(ratio), "{\"value\":25,\"at_least\":26,\"reached\":false}");
  ratio.bound = at_most;
  EXPECT_EQ(told(ratio), "{\"value\":25,\"at_most\":26,\"reached\":true}");
  ratio.limit = 25;
  EXPECT_EQ(told(ratio), "{\"value\":25,\"at_most\":25,\"reached\":true}");
  ratio.bound = at_least;
  EXPECT_EQ(told(ratio), "{\"value\":25,\"at_least\":25,\"reached\":true}");
}

}  // namespace
}  // namespace bench
