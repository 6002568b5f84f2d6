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
  const std::vector<Ratio> ratios = {
      {"original_to_ours", "daily", "original_ms", "daily", "ms", 0}};
  report.add("daily", "ms", 20);
  EXPECT_EQ(report.to_json(std::vector<Goal>(), ratios).find("original_to_ours"),
            std::string::npos);
  report.add("daily", "original_ms", 500);
  EXPECT_NE(
      report.to_json(std::vector<Goal>(), ratios).find("\"original_to_ours\": {\"value\":25}"),
      std::string::npos);
}

}  // namespace
}  // namespace bench
