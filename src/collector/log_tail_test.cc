#include "log_tail.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "cursor_index.h"
#include "test_executor.h"

namespace collector {
namespace {

namespace fs = std::filesystem;

/// Gives each line that is a number or a text with a full stop, and remembers how many it has
/// given.
class TextReader : public agents::LogReader {
 public:
  std::string save() const override { return std::to_string(given_); }
  bool restore(std::string_view state) override {
    given_ = state.empty() ? 0 : std::stoull(std::string(state));
    return true;
  }

 protected:
  void read(const agents::Line&, const base::json::Value& json, const Sink& sink) override {
    if (json.is(base::json::Kind::string) && !json.text().ends_with('.')) return;
    agents::Record record;
    record.ordinal = given_++;
    record.text = json.text();
    sink(record);
  }

 private:
  std::uint64_t given_ = 0;
};

std::unique_ptr<agents::LogReader> make_reader() { return std::make_unique<TextReader>(); }

struct Given {
  std::vector<std::string> lines;
  agents::LogReader::Sink sink = [this](const agents::Record& record) {
    lines.emplace_back(record.text);
  };
};

const auto kAll = [] { return false; };

class LogTailTest : public testing::Test {
 protected:
  void append(const std::string& text) { std::ofstream(path, std::ios::app) << text; }
  void write(const std::string& text) { std::ofstream(path, std::ios::trunc) << text; }
  LogTail open(const Cursor& from, const std::string& state = "") {
    auto tail = LogTail::open(from, state, make_reader);
    EXPECT_TRUE(tail.ok());
    return std::move(*tail);
  }
  std::vector<std::string> read(LogTail& tail) {
    Given given;
    EXPECT_TRUE(tail.read(given.sink, kAll).ok());
    return given.lines;
  }
  Cursor fresh() const {
    Cursor cursor;
    cursor.path = path;
    return cursor;
  }
  using Lines = std::vector<std::string>;

  support::TemporaryFolder folder;
  std::string path = folder / "log.jsonl";
};

TEST_F(LogTailTest, GivesLinesAsTheyBecomeComplete) {
  append("1\n2\n3");
  LogTail tail = open(fresh());
  EXPECT_EQ(read(tail), (Lines{"1", "2"}));
  append("0\r\n");
  EXPECT_EQ(read(tail), Lines{"30"});
  EXPECT_EQ(read(tail), Lines{});
}

TEST_F(LogTailTest, D10_TheOffsetCountsRealBytesAndLeavesAnUnterminatedLine) {
  append("1\r\n\n22\n333");
  LogTail tail = open(fresh());
  read(tail);
  EXPECT_EQ(tail.cursor()->offset, 7u);
  EXPECT_EQ(tail.cursor()->lines, 2u);
}

TEST_F(LogTailTest, GoesOnBehindItsCursorWithWhatTheReaderRemembered) {
  append("1\n2\n");
  std::string state;
  Cursor cursor;
  {
    LogTail tail = open(fresh());
    read(tail);
    state = tail.reader_state();
    cursor = *tail.cursor();
  }
  append("3\n");
  LogTail tail = open(cursor, state);
  std::vector<std::uint64_t> ordinals;
  const auto sink = [&](const agents::Record& record) { ordinals.push_back(record.ordinal); };
  ASSERT_TRUE(tail.read(sink, kAll).ok());
  EXPECT_EQ(ordinals, std::vector<std::uint64_t>{2});
}

TEST_F(LogTailTest, StopsWhereItIsToldTo) {
  append("1\n2\n3\n");
  LogTail tail = open(fresh());
  Given given;
  const auto one = [] { return true; };
  EXPECT_TRUE(*tail.read(given.sink, one));
  EXPECT_EQ(given.lines, Lines{"1"});
  EXPECT_EQ(tail.cursor()->offset, 2u);
  EXPECT_TRUE(*tail.read(given.sink, one));
  EXPECT_TRUE(*tail.read(given.sink, one));
  EXPECT_FALSE(*tail.read(given.sink, one));
  EXPECT_EQ(given.lines, (Lines{"1", "2", "3"}));
}

TEST_F(LogTailTest, BeginsAnewWhenTheFileIsCutShort) {
  append("1\n2\n3\n");
  LogTail tail = open(fresh());
  read(tail);
  const Cursor before = *tail.cursor();
  write("4\n");
  EXPECT_EQ(read(tail), Lines{"4"});
  EXPECT_TRUE(tail.has_begun_anew());
  EXPECT_EQ(tail.cursor()->generation, before.generation + 1);
}

TEST_F(LogTailTest, NoticesAFileThatWasCutShortAndGrewPastTheOffset) {
  append("1\n2\n3\n");
  LogTail tail = open(fresh());
  read(tail);
  const Cursor cursor = *tail.cursor();
  write("1\n2\n4\n5\n6\n");
  EXPECT_EQ(read(tail), (Lines{"1", "2", "4", "5", "6"}));
  EXPECT_EQ(read(tail), Lines{});
  // The same, noticed at the start of a process.
  LogTail again = open(cursor, "3");
  EXPECT_TRUE(again.has_begun_anew());
  EXPECT_EQ(read(again), (Lines{"1", "2", "4", "5", "6"}));
}

TEST_F(LogTailTest, TheBeginOfALineMayChangeBeforeItIsComplete) {
  append("1\n22");
  LogTail tail = open(fresh());
  EXPECT_EQ(read(tail), Lines{"1"});
  fs::resize_file(path, 2);
  append("345\n");
  EXPECT_EQ(read(tail), Lines{"345"});
}

TEST_F(LogTailTest, AFolderAPipeAndNothingAreErrors) {
  Cursor cursor = fresh();
  EXPECT_EQ(LogTail::open(cursor, "", make_reader).error().code, base::Errc::not_found);
  cursor.path = folder.path();
  EXPECT_EQ(LogTail::open(cursor, "", make_reader).error().code, base::Errc::unavailable);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(LogTail::open(fresh(), "", make_reader).error().code, base::Errc::unavailable);
}

/// Files that have all done to them that programs do to logs, beside what a follower makes of them.
///
/// Every line is a text of its own, and no part of one is a line. Whatever stands complete in a
/// file when it is looked at must have been given; and once only, unless its file was cut short or
/// written anew in place.
class World {
 public:
  World(std::uint64_t seed, std::string root) : random_(seed), root_(std::move(root)) {}

  void step() {
    switch (roll(12)) {
      case 0:
      case 1:
      case 2:
        return append(any(), line());
      case 3:
        return append(any(), line().substr(0, 1 + roll(3)));  // the begin of a line
      case 4:
        return append(any(), line() + line() + "\n" + line());
      case 5:
        return truncate(any());
      case 6:
        return rotate(any());
      case 7:
        return replace(any());
      case 8:
        return rename(any(), any());
      case 9:
        return remove(any());
      case 10:
        return crash();
      default:
        return observe();
    }
  }

  void observe() {
    std::map<std::string, agents::FileStamp> there;
    for (const std::string& path : paths_)
      if (const auto stamp = agents::stamp_of(path)) there[path] = *stamp;
    for (const std::string& path : paths_)
      if (!there.contains(path)) index_.left(path), tails_.erase(path);
    // As the follower does: first who is who, then what is new.
    std::map<std::string, std::int64_t> ids;
    for (const auto& [path, stamp] : there)
      ids[path] = index_.at({agents::Agent::generic, agents::Format::generic, path}, stamp).id;
    for (const auto& [path, id] : ids) read(path, id);
    for (const auto& [path, stamp] : there) expect_all_given(path);
  }

  std::string failure;

 private:
  std::string any() { return paths_[roll(paths_.size())]; }
  std::size_t roll(std::size_t sides) { return random_() % sides; }
  std::string line() { return "\"n" + std::to_string(++newest_) + ".\"\n"; }

  static std::string content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void write(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::trunc) << text;
  }
  void append(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::app) << text;
  }
  void forgive(const std::string& path) {
    for (const std::string& each : lines_of(content(path))) again_.insert(each);
  }
  void truncate(const std::string& path) {
    if (!fs::exists(path)) return;
    forgive(path);
    fs::resize_file(path, roll(fs::file_size(path) + 1));
    if (roll(2)) append(path, "\n" + line());
  }
  void rotate(const std::string& path) {
    if (!fs::exists(path)) return;
    rename(path, root_ + "/rotated");
    append(path, line());
  }
  void replace(const std::string& path) {
    forgive(path);  // what is kept of it is new to the new file
    const std::string kept = content(path);
    write(root_ + "/new", roll(2) ? kept + line() : line());
    fs::rename(root_ + "/new", path);
  }
  void rename(const std::string& from, const std::string& to) {
    if (fs::exists(from) && from != to) fs::rename(from, to);
  }
  void remove(const std::string& path) {
    // A new file may get its inode, and with equal bytes nobody can tell them apart.
    fs::remove(path);
  }
  /// Everything in memory is gone; what was stored is there.
  void crash() {
    tails_.clear();
    std::vector<Cursor> stored;
    for (const auto& [id, each] : stored_) stored.push_back(each.first);
    index_ = CursorIndex(stored);
  }

  void read(const std::string& path, std::int64_t id) {
    auto tail = tails_.find(path);
    if (tail != tails_.end() && tail->second.first != id) tails_.erase(tail), tail = tails_.end();
    if (tail == tails_.end()) {
      auto opened = LogTail::open(*index_.find(path), stored_[id].second, make_reader);
      if (!opened) return fail("cannot open " + path);
      tail = tails_.emplace(path, std::pair(id, std::move(*opened))).first;
    }
    Given given;
    for (bool more = true; more;) {
      auto result = tail->second.second.read(given.sink, [this] { return roll(3) == 0; });
      if (!result) return fail("cannot read " + path);
      more = *result;
      const Cursor cursor = *tail->second.second.cursor();
      index_.put(cursor);
      stored_[id] = {cursor, tail->second.second.reader_state()};
      stored_[id].first.path = path;
    }
    for (const std::string& each : given.lines) {
      if (!given_.insert(each).second && !again_.contains(each)) fail("twice: " + each);
    }
    if (roll(4) == 0) tails_.erase(path);
  }

  static bool is_whole(const std::string& line) {
    return line.starts_with("\"n") && line.ends_with(".\"") && line.find('"', 1) == line.size() - 1;
  }
  static std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != text.npos; begin = end + 1)
      if (std::string each = text.substr(begin, end - begin); is_whole(each))
        lines.push_back(each.substr(1, each.size() - 2));
    return lines;
  }
  void expect_all_given(const std::string& path) {
    for (const std::string& each : lines_of(content(path)))
      if (!given_.contains(each)) fail("lost: " + each + " of " + path);
  }
  void fail(std::string what) {
    if (failure.empty()) failure = std::move(what);
  }

  std::mt19937_64 random_;
  std::string root_;
  std::vector<std::string> paths_{root_ + "/a", root_ + "/b", root_ + "/c", root_ + "/rotated"};
  std::uint64_t newest_ = 0;
  CursorIndex index_;
  std::map<std::string, std::pair<std::int64_t, LogTail>> tails_;
  std::map<std::int64_t, std::pair<Cursor, std::string>> stored_;
  std::set<std::string> given_, again_;
};

// SIGHTLINE_MODEL_STEPS sets how many steps (./x test takes the default), SIGHTLINE_MODEL_SEED the
// first seed.
TEST(LogTailModel, WhateverHappensToFilesEachLineIsGivenOnce) {
  const auto set = [](const char* name, std::uint64_t otherwise) {
    const char* value = std::getenv(name);
    return value ? std::strtoull(value, nullptr, 10) : otherwise;
  };
  constexpr std::uint64_t kStepsOfAWorld = 500;
  const std::uint64_t worlds = set("SIGHTLINE_MODEL_STEPS", 20'000) / kStepsOfAWorld;
  const std::uint64_t first = set("SIGHTLINE_MODEL_SEED", 1);
  for (std::uint64_t seed = first; seed < first + worlds; ++seed) {
    const support::TemporaryFolder folder;
    World world(seed, folder.path());
    for (std::uint64_t i = 0; i < kStepsOfAWorld; ++i) {
      world.step();
      ASSERT_EQ(world.failure, "") << "seed " << seed << ", step " << i;
    }
    world.observe();
    ASSERT_EQ(world.failure, "") << "seed " << seed << ", at the end";
  }
}

}  // namespace
}  // namespace collector
