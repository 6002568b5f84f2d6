#include "log_time.h"

#include <gtest/gtest.h>

#include <string>

namespace agents {
namespace {

/// Milliseconds since 1970; -1: none.
std::int64_t ms_of(const std::string& json) {
  base::json::Document document;
  const auto time = time_of(*document.parse(json));
  return time ? time->time_since_epoch().count() : -1;
}

TEST(LogTimeTest, ADateIsAMoment) {
  EXPECT_EQ(ms_of(R"("2025-12-01T00:00:00Z")"), 1764547200000);
  EXPECT_EQ(ms_of(R"("2025-12-01T01:00:00.123456789+01:00")"), 1764547200123);
}

TEST(LogTimeTest, ANumberHasTheUnitThatMakesAPlausibleYear) {
  EXPECT_EQ(ms_of("1764547200"), 1764547200000);
  EXPECT_EQ(ms_of("1764547200000.9"), 1764547200000);
  EXPECT_EQ(ms_of("1764547200000000"), 1764547200000);
  EXPECT_EQ(ms_of("1764547200000000000"), 1764547200000);
}

TEST(LogTimeTest, WhatIsNoMomentIsNone) {
  for (const char* json : {"\"soon\"", "\"\"", "0", "-5", "1e22", "1e999", "null", "true", "[]",
                           "\"+012025-12-01T00:00:00Z\""})
    EXPECT_EQ(ms_of(json), -1) << json;
}

TEST(LogTimeTest, AMemberThatIsNotThereSaysNothing) {
  base::json::Document document;
  const auto json = *document.parse(R"({"t":1764547200000})");
  EXPECT_TRUE(time_at(json, "t"));
  EXPECT_FALSE(time_at(json, "u"));
  EXPECT_FALSE(time_at(*json.find("t"), "t"));
}

}  // namespace
}  // namespace agents
