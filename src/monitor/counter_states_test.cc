#include "monitor/counter_states.h"

#include <gtest/gtest.h>

namespace monitor {
namespace {

CounterStates::Key key(std::string_view a, std::string_view b = {}) {
  const std::string_view names[] = {a, b};
  return CounterStates::key(names);
}

TEST(CounterStatesTest, WhereOneNameEndsAndTheNextBeginsMatters) {
  EXPECT_EQ(key("ab", "c"), key("ab", "c"));
  EXPECT_FALSE(key("ab", "c") == key("a", "bc"));
  EXPECT_FALSE(key("", "a") == key("a", ""));
}

TEST(CounterStatesTest, ANegativeTotalAddsNothing) {
  CounterStates counters;
  EXPECT_EQ(counters.take(key("a"), -5), 0);
  EXPECT_EQ(counters.take(key("a"), 5), 10);
}

TEST(CounterStatesTest, WhatIsGivenBackIsTakenOnce) {
  CounterStates counters;
  EXPECT_EQ(counters.take(key("a"), 10), 10);
  EXPECT_EQ(counters.take(key("a"), 15), 5);
  const CounterStates::Taken lost[] = {{key("a"), 5}, {key("never seen"), 7}};
  counters.give_back(lost);
  EXPECT_EQ(counters.take(key("a"), 18), 8);
  EXPECT_EQ(counters.take(key("a"), 18), 0);
}

TEST(CounterStatesTest, OfTooManyTheOneSilentForLongestIsForgotten) {
  CounterStates counters;
  const auto nth = [](std::size_t i) { return key(std::to_string(i)); };
  for (std::size_t i = 0; i < CounterStates::kMaxCounters; ++i) counters.take(nth(i), 10);
  counters.take(nth(0), 10);
  counters.take(key("one more"), 10);
  EXPECT_EQ(counters.take(nth(0), 11), 1);
  EXPECT_EQ(counters.take(nth(2), 11), 1);
  EXPECT_EQ(counters.take(nth(1), 11), 11);
}

}  // namespace
}  // namespace monitor
