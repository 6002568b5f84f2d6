#include "agents/line_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/json_reader.h"
#include "base/utf8.h"

namespace agents {
namespace {

using testing::ElementsAre;

/// A line that outlives the splitter.
struct Kept {
  std::string text;
  std::uint64_t offset = 0, index = 0;
  bool is_cut = false, is_too_long = false, is_complete = true;
  bool operator==(const Kept&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Kept& line) {
  return out << line.index << "@" << line.offset << " \"" << line.text.substr(0, 80) << '"'
             << (line.is_cut ? " cut" : "") << (line.is_too_long ? " too long" : "")
             << (line.is_complete ? "" : " incomplete");
}

/// The lines of a stream that comes in these pieces.
std::vector<Kept> split(const std::vector<std::string_view>& pieces) {
  LineSplitter splitter;
  std::vector<Kept> lines;
  const auto keep = [&lines](const Line& line) {
    lines.push_back({std::string(line.text), line.offset, line.index, line.is_cut, line.is_too_long,
                     line.is_complete});
  };
  Line line;
  for (const std::string_view piece : pieces) {
    splitter.feed(piece);
    while (splitter.next(line)) keep(line);
  }
  if (splitter.last(line)) keep(line);
  EXPECT_FALSE(splitter.last(line)) << "the end comes once";
  return lines;
}

std::vector<std::string> texts(std::string_view stream) {
  std::vector<std::string> found;
  for (Kept& line : split({stream})) found.push_back(std::move(line.text));
  return found;
}

/// `text` as what is left of it when it is the line of a log; in pieces of `step` bytes.
std::string shortened(std::string_view text, std::size_t step = std::string_view::npos) {
  StringShortener shortener;
  std::string out;
  for (; !text.empty(); text.remove_prefix(std::min(step, text.size())))
    shortener.feed(text.substr(0, step), out);
  return out;
}

constexpr std::size_t kMax = StringShortener::kMaxStringBytes;

TEST(LineSplitterTest, LinesEndInLfOrCrLfAndTheLastOneInNothing) {
  EXPECT_THAT(texts("a\nb\r\nc"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(texts("a\rb\r\r\n"), ElementsAre("a\rb\r"));
  EXPECT_THAT(texts(""), ElementsAre());
  EXPECT_THAT(texts("\n\n"), ElementsAre());
}

TEST(LineSplitterTest, OnlyALineWithoutAnEndIsIncomplete) {
  EXPECT_THAT(split({"a\nb"}), ElementsAre(Kept{"a", 0, 0}, Kept{"b", 2, 1, false, false, false}));
  EXPECT_THAT(split({"a\nb\n"}), ElementsAre(Kept{"a", 0, 0}, Kept{"b", 2, 1}));
}

TEST(LineSplitterTest, BlankLinesHaveNoNumber) {
  EXPECT_THAT(split({"\n \t\r\n\xC2\xA0\n\xEF\xBB\xBF\nx\n\v\n\ny\n  "}),
              ElementsAre(Kept{"x", 12, 0}, Kept{"y", 17, 1}));
}

TEST(LineSplitterTest, ZeroBytesAndBrokenUtf8ArePartOfALine) {
  const std::string text("a\0b\n\0\n\xFF\xC3\n", 9);
  EXPECT_THAT(texts(text), ElementsAre(std::string("a\0b", 3), std::string("\0", 1), "\xFF\xC3"));
}

TEST(LineSplitterTest, WhereTheStreamIsCutDoesNotMatter) {
  const std::string text("{\"a\":1}\r\n\n  \n\0\xC3\xA4\r\n\r\nlast", 24);
  const std::vector<Kept> whole = split({text});
  ASSERT_EQ(whole.size(), 3u);
  const std::string_view view = text;
  for (std::size_t i = 0; i <= view.size(); ++i)
    for (std::size_t j = i; j <= view.size(); ++j)
      EXPECT_EQ(split({view.substr(0, i), view.substr(i, j - i), view.substr(j)}), whole)
          << i << ", " << j;
}

TEST(LineSplitterTest, BytesBehindTheLastLineEndArePending) {
  LineSplitter splitter;
  Line line;
  splitter.feed("ab\ncde");
  EXPECT_TRUE(splitter.next(line));
  EXPECT_FALSE(splitter.next(line));
  EXPECT_EQ(splitter.pending_bytes(), 3u);
}

TEST(LineSplitterTest, ALineOfAMegabyteIsWholeAndALongerOneHasItsTextsShortened) {
  const std::string fits = "\"" + std::string(LineSplitter::kWholeBytes - 2, 'x') + "\"";
  const std::string longer = "\"" + std::string(LineSplitter::kWholeBytes - 1, 'x') + "\"";
  const std::string cut = "\"" + std::string(kMax, 'x') + " [cut]\"";
  const std::string stream = fits + "\n" + longer + "\n{}\n" + longer;
  for (const std::size_t step : {stream.size(), std::size_t{256} << 10, std::size_t{4099}}) {
    std::vector<std::string_view> pieces;
    for (std::size_t at = 0; at < stream.size(); at += step)
      pieces.push_back(std::string_view(stream).substr(at, step));
    EXPECT_THAT(split(pieces),
                ElementsAre(Kept{fits, 0, 0}, Kept{cut, fits.size() + 1, 1, true},
                            Kept{"{}", fits.size() + longer.size() + 2, 2},
                            Kept{cut, fits.size() + longer.size() + 5, 3, true, false, false}))
        << step;
  }
}

TEST(LineSplitterTest, ALineThatIsStillTooLongHasANumberButNoText) {
  const std::string wide(LineSplitter::kMaxBytes + 1, '1');
  EXPECT_THAT(
      split({"a\n", wide, wide, "\nb\n", wide}),
      ElementsAre(Kept{"a", 0, 0}, Kept{"", 2, 1, true, true}, Kept{"b", 2 * wide.size() + 3, 2},
                  Kept{"", 2 * wide.size() + 5, 3, true, true, false}));
}

TEST(LineSplitterTest, ALineOfAHundredMegabytesTakesNoMoreMemoryThanItsLimit) {
  const std::string block(std::size_t{1} << 18, 'x');
  LineSplitter splitter;
  Line line;
  splitter.feed("{\"output\":\"");
  EXPECT_FALSE(splitter.next(line));
  for (int i = 0; i < 400; ++i) {
    splitter.feed(block);
    ASSERT_FALSE(splitter.next(line));
  }
  EXPECT_GT(splitter.pending_bytes(), 100'000'000u);
  splitter.feed("\",\"n\":7}\n");
  ASSERT_TRUE(splitter.next(line));
  EXPECT_LT(line.text.size(), kMax + 100);
  base::json::Document document;
  const auto json = document.parse(line.text);
  ASSERT_TRUE(json);
  EXPECT_EQ(json->find("n")->to_int(), 7);
}

TEST(StringShortenerTest, WhatIsShortStaysAsItIs) {
  const std::string full = "\"" + std::string(kMax, 'x') + "\"";
  for (const std::string_view text :
       {std::string_view("{\"a\\\"b\":\"\\\\\",\"c\":[\"\\u00e4\",\"ä\"],\"d\":\"\"}"),
        std::string_view(full)})
    EXPECT_EQ(shortened(text), text);
}

TEST(StringShortenerTest, EveryLongStringIsCutForItself) {
  const std::string x(kMax, 'x');
  EXPECT_EQ(shortened("[\"" + x + "y\",\"" + x + "\",\"z\",\"" + x + "yy\"]"),
            "[\"" + x + " [cut]\",\"" + x + "\",\"z\",\"" + x + " [cut]\"]");
}

// One byte more in front each time moves the limit through the sequence.
TEST(StringShortenerTest, ASequenceAtTheLimitIsKeptOrLeftOutAsAWhole) {
  for (const std::string_view sequence : {"\\n", "\\\"", "\\\\", "\\u00e4", "ä", "€", "😀"}) {
    for (std::size_t before = 0; before <= sequence.size() + 1; ++before) {
      const std::string x(kMax - before, 'x');
      const std::string text = "\"" + x + std::string(sequence) + "yyyyyyyyyyyyy\",1";
      std::string expected = "\"" + x;
      if (before >= sequence.size())
        expected += std::string(sequence) + std::string(before - sequence.size(), 'y');
      expected += " [cut]\",1";
      EXPECT_EQ(shortened(text), expected) << sequence << " " << before;
      EXPECT_EQ(shortened(text, 1), expected) << sequence << " " << before;
    }
  }
}

TEST(StringShortenerTest, NothingBrokenTakesTheQuoteBehindItAlong) {
  const std::string x(kMax - 3, 'x');
  for (const std::string_view broken :
       {"\xF0", "\xF0\x9F", "\xE2\x82", "\xC3", "\xFF", "\x80", "\\u12", "\\u"}) {
    const std::string inside = "[\"" + std::string(broken) + "\",\"" + x + "yyyy\"]";
    EXPECT_EQ(shortened(inside), "[\"" + std::string(broken) + "\",\"" + x + "yyy [cut]\"]");
    const std::string at_limit = shortened("[\"" + x + "yyy" + std::string(broken) + "\",1]");
    EXPECT_EQ(at_limit, "[\"" + x + "yyy [cut]\",1]");
  }
}

TEST(StringShortenerTest, WhatIsLeftOfJsonIsJson) {
  std::string text = "{\"a\":\"";
  while (text.size() < 2 * kMax) text += "\\u00e4 \\\\ \\\" ä € 😀 \\n ";
  text += "\",\"b\":[true,\"" + std::string(kMax + 9, 'z') + "\"]}";
  base::json::Document document;
  ASSERT_TRUE(document.parse(text));
  const std::string out = shortened(text);
  EXPECT_LT(out.size(), 2 * kMax + 100);
  for (const std::size_t step : {1, 2, 3, 7, 1000}) EXPECT_EQ(shortened(text, step), out) << step;
  EXPECT_TRUE(document.parse(out));
}

}  // namespace
}  // namespace agents
