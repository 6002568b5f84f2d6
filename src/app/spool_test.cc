#include "spool.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "base/clock.h"

namespace app {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class SpoolTest : public testing::Test {
 protected:
  SpoolTest() {
    std::string name = testing::TempDir() + "spool-XXXXXX";
    root_ = ::mkdtemp(name.data());
  }
  ~SpoolTest() override { fs::remove_all(root_); }

  Spool spool(Spool::Limits limits = {}) const {
    return Spool::for_server((root_ / "data/sightline/spool").string(), "127.0.0.1:1", limits);
  }
  static std::vector<std::string> texts(Spool& from) {
    std::vector<std::string> found;
    for (const auto& entry : from.read("", 100, 1 << 20)) found.push_back(entry.text);
    return found;
  }
  static mode_t mode(const fs::path& path) {
    struct stat about {};
    ::stat(path.c_str(), &about);
    return about.st_mode & 0777;
  }

  static void await_next_millisecond() {
    const base::Time before = base::Clock::system().now();
    while (base::Clock::system().now() == before) std::this_thread::yield();
  }

  fs::path root_;
};

TEST_F(SpoolTest, GivesBackWhatWasWrittenInItsOrder) {
  Spool one = spool();
  for (const char* text : {"a", "b", "c"}) EXPECT_TRUE(one.write(text));
  EXPECT_THAT(texts(one), ElementsAre("a", "b", "c"));
  const auto entries = one.read("", 1, 100);
  one.remove(entries.at(0));
  EXPECT_THAT(texts(one), ElementsAre("b", "c"));
}

TEST_F(SpoolTest, IsForItsOwnerAlone) {
  ::umask(0);
  Spool one = spool();
  EXPECT_TRUE(one.write("a"));
  EXPECT_EQ(mode(root_ / "data"), 0700u);
  EXPECT_EQ(mode(root_ / "data/sightline/spool"), 0700u);
  EXPECT_EQ(mode(one.folder()), 0700u);
  EXPECT_EQ(mode(one.folder() + "/" + one.read("", 1, 1).at(0).name), 0600u);
  ::umask(022);
}

TEST_F(SpoolTest, DropsTheOldestAtALimitAndCountsThem) {
  Spool few = spool({3, 1000});
  for (const char* text : {"1", "2", "3", "4", "5"}) EXPECT_TRUE(few.write(text));
  EXPECT_THAT(texts(few), ElementsAre("3", "4", "5"));
  await_next_millisecond();  // what another writer writes comes later from then on
  Spool small = spool({100, 10});
  EXPECT_TRUE(small.write("12345678"));
  EXPECT_THAT(texts(small), ElementsAre("4", "5", "12345678"));
  EXPECT_EQ(small.take_dropped(), 3u);
  EXPECT_EQ(small.take_dropped(), 0u);
}

TEST_F(SpoolTest, RefusesWhatIsTooLargeForAnEvent) {
  const auto written = spool().write(std::string(Spool::kMaxEventBytes + 1, 'x'));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, base::Errc::invalid_argument);
}

TEST_F(SpoolTest, AFolderThatCannotBeIsUnavailable) {
  std::ofstream(root_ / "data") << "a file";
  const auto written = spool().write("a");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, base::Errc::unavailable);
}

TEST_F(SpoolTest, TellsWhatCannotBeRead) {
  Spool one = spool();
  EXPECT_TRUE(one.write("a"));
  const fs::path folder = one.folder();
  fs::create_directory(folder / "0-1.json");
  fs::create_symlink("/etc/passwd", folder / "1-1.json");
  ASSERT_EQ(::mkfifo((folder / "2-1.json").c_str(), 0600), 0);
  std::ofstream(folder / "3-1.json") << std::string(Spool::kMaxEventBytes + 1, 'x');
  const auto entries = one.read("", 100, 100);
  EXPECT_EQ(entries.size(), 5u);
  std::map<bool, int> problems;
  for (const auto& entry : entries) ++problems[entry.problem.empty()];
  EXPECT_EQ(problems[false], 4);
}

TEST_F(SpoolTest, WhatIsRejectedStaysAndIsNotReadAgain) {
  Spool one = spool();
  EXPECT_TRUE(one.write("a"));
  const auto entry = one.read("", 1, 1).at(0);
  one.reject(entry);
  EXPECT_THAT(texts(one), IsEmpty());
  EXPECT_TRUE(fs::exists(one.folder() + "/" + entry.name + ".rejected"));
}

TEST_F(SpoolTest, SweepsOldLeftoversOnly) {
  Spool one = spool();
  EXPECT_TRUE(one.write("a"));
  const fs::path folder = one.folder(), old = folder / ".old.tmp", young = folder / ".young.tmp";
  std::ofstream(old) << "x";
  std::ofstream(young) << "x";
  fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours{2});
  one.sweep();
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(young));
  EXPECT_THAT(texts(one), ElementsAre("a"));
}

TEST_F(SpoolTest, TellsWhenItChanged) {
  Spool one = spool();
  EXPECT_FALSE(one.changed_at());
  EXPECT_TRUE(one.write("a"));
  EXPECT_TRUE(one.changed_at());
}

TEST_F(SpoolTest, HasAFolderForEachServerAndOneForAllNamesOfAnAddress) {
  const auto folder = [](const char* authority) {
    return Spool::for_server("/s", authority).folder();
  };
  EXPECT_EQ(folder("127.0.0.1:3141"), "/s/127.0.0.1:3141");
  EXPECT_EQ(folder("localhost:3141"), "/s/127.0.0.1:3141");
  EXPECT_EQ(folder("0.0.0.0:3141"), "/s/127.0.0.1:3141");
  EXPECT_EQ(folder("[::]:3141"), "/s/127.0.0.1:3141");
  EXPECT_EQ(folder("[::1]:3141"), "/s/[::1]:3141");
  EXPECT_EQ(folder("127.0.0.1:3142"), "/s/127.0.0.1:3142");
}

TEST(SpoolRootTest, IsInTheDataFolder) {
  std::map<std::string, std::string> set;
  const auto lookup = [&](const std::string& name) {
    const auto found = set.find(name);
    return found == set.end() ? std::nullopt : std::optional(found->second);
  };
  EXPECT_FALSE(Spool::root(lookup));
  set["HOME"] = "/h";
  EXPECT_EQ(Spool::root(lookup), "/h/.local/share/sightline/spool");
  set["XDG_DATA_HOME"] = "/d";
  EXPECT_EQ(Spool::root(lookup), "/d/sightline/spool");
}

}  // namespace
}  // namespace app
