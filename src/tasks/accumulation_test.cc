#include "tasks/accumulation.h"

#include <gtest/gtest.h>

namespace tasks {
namespace {

class AccumulationTest : public testing::Test {
 protected:
  std::string add(std::string data, std::optional<std::string> field = {}) {
    Event event;
    event.id = "e" + std::to_string(++count_);
    event.data = std::move(data);
    event.series_field = std::move(field);
    accumulation_.add(event);
    return accumulation_.event().data;
  }
  Accumulation accumulation_;
  int count_ = 0;
};

TEST_F(AccumulationTest, TheTextGrowsInTheDataOfTheNewestEvent) {
  EXPECT_EQ(add(R"({"delta":"Hi","n":1})"), R"({"n":1,"delta":"Hi"})");
  EXPECT_EQ(add(R"({"n":2,"delta":" \"you\""})"), R"({"n":2,"delta":"Hi \"you\""})");
  EXPECT_EQ(accumulation_.event().id, "e2");
}

TEST_F(AccumulationTest, WhatIsNoTextBeginsAnew) {
  add(R"({"delta":"a"})");
  EXPECT_EQ(add("7"), "7");
  EXPECT_EQ(add(R"({"delta":"b"})"), R"({"delta":"b"})");
  EXPECT_EQ(add(R"({"delta":1})"), R"({"delta":1})");
  EXPECT_EQ(add(R"({"other":"c"})"), R"({"other":"c"})");
  EXPECT_EQ(add(R"(["delta"])"), R"(["delta"])");
}

TEST_F(AccumulationTest, AnotherMemberGoesOnFromWhatItWasInTheLastEvent) {
  add(R"({"delta":"a","text":"x"})");
  add(R"({"delta":"b","text":"y"})");
  EXPECT_EQ(add(R"({"delta":"c","text":"z"})", "text"), R"({"delta":"c","text":"yz"})");
  EXPECT_EQ(add(R"({"delta":"d","text":"!"})", "text"), R"({"delta":"d","text":"yz!"})");
}

TEST_F(AccumulationTest, AMemberThatStandsTwiceCountsOnce) {
  EXPECT_EQ(add(R"({"delta":"a","delta":"b"})"), R"({"delta":"b"})");
}

}  // namespace
}  // namespace tasks
