#include "reader_state.h"

#include <gtest/gtest.h>

namespace agents {
namespace {

TEST(ReaderStateTest, WhatIsWrittenComesOutAgain) {
  const std::string state =
      StateWriter("r 1").text("a:1").text("").number(-5).text(std::string("\0x", 2)).take();
  StateReader reader(state, "r 1");
  EXPECT_EQ(reader.text(), "a:1");
  EXPECT_EQ(reader.text(), "");
  EXPECT_EQ(reader.number(), -5);
  EXPECT_FALSE(reader.is_whole());
  EXPECT_EQ(reader.text(), std::string_view("\0x", 2));
  EXPECT_TRUE(reader.is_whole());
}

TEST(ReaderStateTest, TheStateOfAnotherReaderIsRefused) {
  const std::string state = StateWriter("r 1").text("a").take();
  EXPECT_FALSE(StateReader(state, "r 2").ok());
  EXPECT_FALSE(StateReader("", "r 1").ok());
}

TEST(ReaderStateTest, AStateCutAnywhereIsNotWhole) {
  const std::string state = StateWriter("r 1").text("abc").number(77).take();
  for (std::size_t size = 0; size < state.size(); ++size) {
    StateReader reader(std::string_view(state).substr(0, size), "r 1");
    reader.text();
    reader.number();
    EXPECT_FALSE(reader.is_whole()) << size;
  }
}

TEST(ReaderStateTest, WhatIsNoNumberIsNone) {
  for (const char* text : {"", "x", "1x", "99999999999999999999", " 1"}) {
    const std::string state = StateWriter("r").text(text).take();
    StateReader reader(state, "r");
    EXPECT_EQ(reader.number(), 0) << text;
    EXPECT_FALSE(reader.is_whole()) << text;
  }
}

TEST(ReaderStateTest, ALongNameIsCutBetweenCharacters) {
  EXPECT_EQ(to_name("name"), "name");
  EXPECT_EQ(to_name("x" + std::string(kMaxNameBytes, '\n')).size(), kMaxNameBytes);
  std::string text = "x";
  for (std::size_t i = 0; i < kMaxNameBytes; ++i) text += "\u00e9";
  EXPECT_EQ(to_name(text).size(), kMaxNameBytes - 1);
}

}  // namespace
}  // namespace agents
