#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>

#include "collector/watcher.h"
#include "test_executor.h"

namespace collector {
namespace {

namespace fs = std::filesystem;
using What = FileChange::What;

class InotifyWatcherTest : public testing::Test {
 protected:
  InotifyWatcherTest() {
    thread_ = std::thread([this] { io_.run(); });
    on_thread([this] {
      auto made = make_inotify_watcher(io_);
      ASSERT_TRUE(made.ok());
      watcher = std::move(*made);
      watcher->start([this](std::vector<FileChange> told) {
        const std::lock_guard lock(mutex_);
        for (FileChange& change : told) changes_.push_back(std::move(change));
        told_.notify_all();
      });
    });
  }
  ~InotifyWatcherTest() override {
    on_thread([this] {
      watcher->stop();
      watcher.reset();
    });
    io_.post([this] { io_.stop(); });
    thread_.join();
  }

  template <class Work>
  void on_thread(const Work& work) {
    std::promise<void> done;
    io_.post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }
  /// Whether that is told, sooner or later.
  bool is_told(What what, const std::string& path, const std::string& from = "") {
    std::unique_lock lock(mutex_);
    return told_.wait_for(lock, std::chrono::seconds{20}, [&] {
      return std::any_of(changes_.begin(), changes_.end(), [&](const FileChange& change) {
        return change.what == what && change.path == path && change.from == from;
      });
    });
  }
  static void append(const std::string& path) { std::ofstream(path, std::ios::app) << "x"; }

  support::TemporaryFolder folder;
  std::unique_ptr<Watcher> watcher;

 private:
  net::IoThread io_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable told_;
  std::vector<FileChange> changes_;
};

TEST_F(InotifyWatcherTest, TellsOfFilesThatAreMadeWrittenMovedAndRemoved) {
  ASSERT_TRUE(watcher->watch(folder.path(), Watcher::Depth::folder));
  append(folder / "a");
  EXPECT_TRUE(is_told(What::changed, folder / "a"));
  fs::rename(folder / "a", folder / "b");
  EXPECT_TRUE(is_told(What::moved, folder / "b", folder / "a"));
  fs::remove(folder / "b");
  EXPECT_TRUE(is_told(What::removed, folder / "b"));
}

TEST_F(InotifyWatcherTest, ATreeIsWatchedInAllItsFolders) {
  fs::create_directories(folder / "one/two");
  ASSERT_TRUE(watcher->watch(folder.path(), Watcher::Depth::tree));
  EXPECT_EQ(watcher->watched_folders(), 3u);
  append(folder / "one/two/a");
  EXPECT_TRUE(is_told(What::changed, folder / "one/two/a"));
  fs::create_directory(folder / "one/three");
  EXPECT_TRUE(is_told(What::folder, folder / "one/three"));
}

TEST_F(InotifyWatcherTest, AFileFromElsewhereIsAChange) {
  const support::TemporaryFolder elsewhere;
  ASSERT_TRUE(watcher->watch(folder.path(), Watcher::Depth::folder));
  append(elsewhere / "a");
  std::error_code across;
  fs::rename(elsewhere / "a", folder / "a", across);
  if (across) GTEST_SKIP() << "two file systems";
  EXPECT_TRUE(is_told(What::changed, folder / "a"));
}

TEST_F(InotifyWatcherTest, AFolderThatMovedIsForgottenUnderItsOldName) {
  fs::create_directory(folder / "one");
  ASSERT_TRUE(watcher->watch(folder.path(), Watcher::Depth::tree));
  fs::rename(folder / "one", folder / "two");
  EXPECT_TRUE(is_told(What::removed, folder / "one"));
  EXPECT_TRUE(is_told(What::folder, folder / "two"));
  ASSERT_TRUE(watcher->watch(folder / "two", Watcher::Depth::tree));
  append(folder / "two/a");
  EXPECT_TRUE(is_told(What::changed, folder / "two/a"));
}

TEST_F(InotifyWatcherTest, AFolderThatIsNotThereIsNotWatched) {
  EXPECT_FALSE(watcher->watch(folder / "none", Watcher::Depth::tree));
}

}  // namespace
}  // namespace collector
