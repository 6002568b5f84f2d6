#include "agents/log_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "test_executor.h"

namespace agents {
namespace {

namespace fs = std::filesystem;
using base::Errc;

class LogFileTest : public testing::Test {
 protected:
  std::string write(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    return path_;
  }
  static std::string lines(int from, int to) {
    std::string text;
    for (int i = from; i < to; ++i) text += "{\"type\":\"n" + std::to_string(i) + "\"}\n";
    return text;
  }
  LogFile open() {
    auto file = LogFile::open(path_, make_reader(Agent::claude_code, path_, ""));
    EXPECT_TRUE(file) << file.error().what;
    return std::move(*file);
  }
  /// Reads on until `count` records have come, or the end.
  bool read(LogFile& file, int count = 1 << 30) {
    const auto more = file.read([this](const Record& r) { types_.emplace_back(r.type); },
                                [&count] { return --count <= 0; });
    EXPECT_TRUE(more);
    return *more;
  }

  support::TemporaryFolder folder_;
  std::string path_ = folder_ / "log.jsonl";
  std::vector<std::string> types_;
  std::atomic<bool> running_{false};
};

TEST_F(LogFileTest, ItIsReadInParts) {
  write(lines(0, 10));
  LogFile file = open();
  EXPECT_TRUE(read(file, 4));
  EXPECT_LT(types_.size(), 10u);
  EXPECT_FALSE(read(file));
  EXPECT_EQ(types_.size(), 10u);
  EXPECT_EQ(types_.back(), "n9");
  EXPECT_FALSE(read(file));
  EXPECT_EQ(types_.size(), 10u);
  EXPECT_EQ(file.bytes_read(), fs::file_size(path_));
  EXPECT_EQ(file.counts().lines, 10u);
}

TEST_F(LogFileTest, TheHashIsThatOfTheBytes) {
  write("abc");
  LogFile file = open();
  read(file);
  const std::string abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  EXPECT_EQ(file.hash_hex(), abc);
  EXPECT_EQ(*hash_of(path_, running_), abc);
}

TEST_F(LogFileTest, WhatIsAppendedWhileItIsReadIsReadToo) {
  write(lines(0, 3));
  LogFile file = open();
  read(file, 1);
  std::ofstream(path_, std::ios::app) << lines(3, 5);
  EXPECT_FALSE(read(file));
  EXPECT_EQ(types_.size(), 5u);
  EXPECT_LT(file.stamp().bytes, file.bytes_read());
  EXPECT_NE(*stamp_of(path_), file.stamp());
}

TEST_F(LogFileTest, AFileThatShrinksEndsWhereItsBytesEnd) {
  write(lines(0, 100'000));  // several blocks
  LogFile file = open();
  read(file, 1);
  fs::resize_file(path_, 5);
  EXPECT_FALSE(read(file));
  EXPECT_GT(types_.size(), 1000u);
  EXPECT_LT(types_.size(), 100'000u);
}

TEST_F(LogFileTest, AFileThatIsReplacedIsReadAsItWas) {
  write(lines(0, 100'000));
  LogFile file = open();
  read(file, 1);
  std::ofstream(folder_ / "new") << lines(7, 8);
  fs::rename(folder_ / "new", path_);
  EXPECT_FALSE(read(file));
  EXPECT_EQ(types_.size(), 100'000u);
  EXPECT_NE(*stamp_of(path_), file.stamp());
}

TEST_F(LogFileTest, WhatIsNoFileThatMayBeReadIsAnError) {
  const auto error = [this] { return LogFile::open(path_, nullptr).error().code; };
  EXPECT_EQ(error(), Errc::not_found);
  EXPECT_EQ(stamp_of(path_).error().code, Errc::not_found);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(error(), Errc::unavailable);
  fs::remove(path_);
  fs::create_directory(path_);
  EXPECT_EQ(error(), Errc::unavailable);
}

}  // namespace
}  // namespace agents
