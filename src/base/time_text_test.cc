#include "base/time_text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace base {
namespace {

std::string parsed(std::string_view text) {
  const auto time = parse_date(text);
  return time ? to_iso_ms(*time) : "none";
}

TEST(TimeTextTest, IsoFormsAreRead) {
  EXPECT_EQ(parsed("2026-02-18"), "2026-02-18T00:00:00.000Z");
  EXPECT_EQ(parsed("2026-02"), "2026-02-01T00:00:00.000Z");
  EXPECT_EQ(parsed("2026"), "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(parsed("2026-02-18T10:20:30Z"), "2026-02-18T10:20:30.000Z");
  EXPECT_EQ(parsed("2026-02-18T10:20Z"), "2026-02-18T10:20:00.000Z");
  EXPECT_EQ(parsed("2026-02-18T10:20:30.1239Z"), "2026-02-18T10:20:30.123Z");
  EXPECT_EQ(parsed("2026-02-18T10:20:30.1Z"), "2026-02-18T10:20:30.100Z");
  EXPECT_EQ(parsed("2026-02-18T10:20:30+05:30"), "2026-02-18T04:50:30.000Z");
  EXPECT_EQ(parsed("2026-02-18T10:20:30-0800"), "2026-02-18T18:20:30.000Z");
}

TEST(TimeTextTest, DaysAndMidnightRollOver) {
  EXPECT_EQ(parsed("2026-02-30"), "2026-03-02T00:00:00.000Z");
  EXPECT_EQ(parsed("2026-02-18T24:00:00Z"), "2026-02-19T00:00:00.000Z");
}

TEST(TimeTextTest, Rfc2822IsRead) {
  EXPECT_EQ(parsed("Wed, 18 Feb 2026 10:00:00 GMT"), "2026-02-18T10:00:00.000Z");
  EXPECT_EQ(parsed("18 Feb 2026 10:00 +0100"), "2026-02-18T09:00:00.000Z");
}

TEST(TimeTextTest, WhatIsNoDateIsRefused) {
  for (const char* text : {"", "2026-13-01", "2026-00-01", "20260218", "2026-W08", "1771410000000",
                           "yesterday", "2026-02-18T", "2026-02-18T10", "2026-02-18T24:00:01Z",
                           "2026-02-18T10:60:00Z", "2026-02-18X10:00:00Z", "2026-02-18T10:20:30.Z",
                           "2026-02-18T10:20:30+25:00", "2026-02-32", "Wed, 18 Foo 2026"})
    EXPECT_EQ(parsed(text), "none") << text;
}

TEST(TimeTextTest, WithoutAZoneItIsLocalTime) {
  setenv("TZ", "Asia/Tokyo", 1);
  tzset();
  EXPECT_EQ(parsed("2026-02-18T10:20:30"), "2026-02-18T01:20:30.000Z");
  EXPECT_EQ(parsed("2026-02-18 10:20:30"), "2026-02-18T01:20:30.000Z");
  EXPECT_EQ(parsed("2026-02-18"), "2026-02-18T00:00:00.000Z");
  unsetenv("TZ");
  tzset();
}

TEST(TimeTextTest, SqlDatetimeHasSeconds) {
  EXPECT_EQ(to_sql_datetime(*parse_date("2026-02-28T09:05:02.999Z")), "2026-02-28 09:05:02");
}

}  // namespace
}  // namespace base
