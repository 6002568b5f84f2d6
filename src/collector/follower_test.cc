#include "collector/follower.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "test_executor.h"

namespace collector {
namespace {

namespace fs = std::filesystem;
using base::Errc;
using base::Error;
using base::Result;
using base::Task;
using Texts = std::vector<std::string>;
using What = FileChange::What;

/// Tells what a test says has happened.
class FakeWatcher : public Watcher {
 public:
  void start(Listener listener) override { tell = std::move(listener); }
  void stop() override { tell = nullptr; }
  bool watch(const std::string& folder, Depth) override {
    const std::lock_guard lock(mutex);
    folders.push_back(folder);
    return works;
  }
  std::size_t watched_folders() const override { return 0; }

  Listener tell;
  std::mutex mutex;
  Texts folders;
  bool works = true;
};

/// Keeps cursors and texts in memory, all or nothing, as a database would.
class MemorySink : public Sink {
 public:
  agents::Telling telling(agents::Agent) const override { return agents::Telling::conversation; }
  Task<Result<std::vector<Cursor>>> cursors() override {
    std::vector<Cursor> all;
    for (const auto& [id, each] : stored) all.push_back(each.first);
    co_return all;
  }
  Task<Result<ReadingState>> state_of(std::int64_t id) override {
    ReadingState state{stored[id].second, {}};
    co_return state;
  }
  Task<Result<void>> move(std::vector<std::pair<std::int64_t, std::string>> moves) override {
    for (const auto& [id, path] : moves) stored[id].first.path = path;
    co_return Result<void>{};
  }
  Task<std::unique_ptr<Intake>> open(Cursor cursor, std::string) override {
    co_return std::make_unique<MemoryIntake>(*this, cursor.path);
  }
  Task<Result<void>> wait_for_room() override {
    Room room{*this};
    co_await room;
    co_return Result<void>{};
  }
  Task<void> failed(Cursor, std::string) override { co_return; }

  /// Waits until `is_so` holds, asked after each change.
  template <class Condition>
  bool await(const Condition& is_so) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds{20}, is_so);
  }
  Texts texts() {
    const std::lock_guard lock(mutex);
    return given;
  }

  std::map<std::int64_t, std::pair<Cursor, std::string>> stored;  // with the reader's state
  std::mutex mutex;
  std::condition_variable changed;
  Texts given;
  int failures_to_come = 0;
  bool is_full = false;
  std::vector<std::coroutine_handle<>> roomless;

 private:
  struct Room {
    MemorySink& sink;
    bool await_ready() const { return !sink.is_full; }
    void await_suspend(std::coroutine_handle<> waiter) {
      const std::lock_guard lock(sink.mutex);
      sink.roomless.push_back(waiter);
      sink.changed.notify_all();
    }
    void await_resume() const {}
  };

  class MemoryIntake : public Intake {
   public:
    MemoryIntake(MemorySink& sink, std::string path) : sink_(sink), path_(std::move(path)) {}
    void take(const agents::Record& record) override { texts_.emplace_back(record.text); }
    std::size_t waiting() const override { return texts_.size(); }
    void begin_anew() override {}
    Task<Result<std::int64_t>> store(Cursor cursor, std::string reader_state) override {
      Texts texts = std::exchange(texts_, {});
      const std::lock_guard lock(sink_.mutex);
      sink_.changed.notify_all();
      if (sink_.failures_to_come > 0) {
        --sink_.failures_to_come;
        co_return Error{Errc::conflict, "the test says no"};
      }
      sink_.stored[cursor.id] = {cursor, std::move(reader_state)};
      for (std::string& text : texts) sink_.given.push_back(std::move(text));
      co_return static_cast<std::int64_t>(texts.size());
    }

   private:
    MemorySink& sink_;
    std::string path_;
    Texts texts_;
  };
};

class FollowerTest : public testing::Test {
 protected:
  FollowerTest() {
    fs::create_directories(logs);
    fs::create_directories(documents);
    io_ = std::thread([this] { thread.run(); });
    for (std::size_t i = 0; i < 2; ++i) workers_.emplace_back([this, i] { pool.work(i); });
  }
  ~FollowerTest() override {
    if (follower) stop();
    pool.stop();
    for (std::thread& worker : workers_) worker.join();
    thread.post([this] { thread.stop(); });
    io_.join();
  }

  template <class Work>
  void on_thread(const Work& work) {
    std::promise<void> done;
    thread.post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }
  static Task<void> run(Task<Result<void>> task, std::promise<Result<void>>& done) {
    auto result = co_await task;
    done.set_value(std::move(result));
  }
  static Task<Result<void>> ended(Task<void> task) {
    co_await task;
    co_return Result<void>{};
  }
  Result<void> await(const std::function<Task<Result<void>>()>& make) {
    std::promise<Result<void>> done;
    thread.post([&] { run(make(), done).detach(); });
    return done.get_future().get();
  }

  void start() {
    Follower::Options options;
    options.locations = {agents::location_at(agent, logs, no_environment),
                         agents::location_at(agents::Agent::gemini, documents, no_environment)};
    options.debounce = debounce;
    options.settle = settle;
    options.rediscovery = rediscovery;
    options.from = from;
    options.tries_again = tries_again;
    on_thread([&] {
      follower = std::make_unique<Follower>(Follower::Parts{thread, pool, watcher, sink, metrics},
                                            std::move(options));
    });
    const auto started = await([this] { return follower->start(); });
    ASSERT_TRUE(started.ok()) << started.error().what;
  }
  void finish() {
    ASSERT_TRUE(await([this] { return ended(follower->finish()); }).ok());
  }
  void stop() {
    (void)await([this] { return ended(follower->stop()); });
    on_thread([this] { follower.reset(); });
  }
  void tell(What what, const std::string& path, const std::string& old = "") {
    const std::vector<FileChange> changes = {{what, path, old}};
    on_thread([&] { watcher.tell(changes); });
  }
  FollowerStatus status() {
    FollowerStatus status;
    on_thread([&] { status = follower->status(); });
    return status;
  }

  static std::string line(const std::string& text) {
    return R"({"type":"llm_request","prompt":")" + text + "\"}\n";
  }
  void append(const std::string& name, const std::string& text) {
    std::ofstream(logs + "/" + name, std::ios::app) << line(text);
  }
  /// Within what waits for the sink.
  bool said(const std::string& text) const {
    return std::find(sink.given.begin(), sink.given.end(), text) != sink.given.end();
  }
  static std::string document(const Texts& texts) {
    std::string messages;
    for (const std::string& text : texts)
      messages += (messages.empty() ? "" : ",") + (R"({"id":")" + text) +
                  R"(","type":"user","content":")" + text + "\"}";
    return R"({"sessionId":"s","messages":[)" + messages + "]}";
  }
  std::string write_document(const std::string& name, const Texts& texts) {
    const std::string path = documents + "/" + name;
    std::ofstream(path) << document(texts);
    return path;
  }
  static void rest(const std::string& path) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(24));
  }
  void make_room() {
    on_thread([&] {
      sink.is_full = false;
      for (const auto waiter : std::exchange(sink.roomless, {})) waiter.resume();
    });
  }
  bool has(const Texts& expected) {
    return sink.await([&] { return sink.given == expected; });
  }

  support::TemporaryFolder folder;
  std::string logs = folder / "logs";
  const std::string documents = folder / "documents";
  const agents::Environment no_environment = [](const std::string&) {
    return std::optional<std::string>();
  };
  agents::Agent agent = agents::Agent::generic;
  std::chrono::milliseconds debounce{1}, settle{2000};
  std::chrono::seconds rediscovery{60};
  std::optional<base::Time> from;
  bool tries_again = true;
  net::IoThread thread;
  base::WorkerPool pool;
  base::Metrics metrics;
  FakeWatcher watcher;
  MemorySink sink;
  std::unique_ptr<Follower> follower;

 private:
  std::thread io_;
  std::vector<std::thread> workers_;
};

TEST_F(FollowerTest, TakesWhatIsThereAndThenWhatIsAppended) {
  append("a.jsonl", "one");
  start();
  EXPECT_TRUE(has({"one"}));
  append("a.jsonl", "two");
  tell(What::changed, logs + "/a.jsonl");
  EXPECT_TRUE(has({"one", "two"}));
}

TEST_F(FollowerTest, D02_ASecondStartTakesOnlyWhatIsNew) {
  append("a.jsonl", "one");
  start();
  finish();
  stop();
  append("a.jsonl", "two");
  append("b.jsonl", "three");
  start();
  finish();
  Texts all = sink.texts();
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, (Texts{"one", "three", "two"}));
}

TEST_F(FollowerTest, D07_AWiderRangeIsReadFromTheBeginning) {
  append("a.jsonl", "one");
  from = base::Clock::system().now();
  start();
  finish();
  stop();
  EXPECT_EQ(sink.texts(), Texts{"one"});  // a sink leaves out what is older, and knows what it had
  from.reset();
  start();
  finish();
  stop();
  EXPECT_EQ(sink.texts(), (Texts{"one", "one"}));
  start();
  finish();
  EXPECT_EQ(sink.texts(), (Texts{"one", "one"}));
}

TEST_F(FollowerTest, D12_D13_FilesInNewFoldersAreFound) {
  start();
  finish();
  fs::create_directories(logs + "/new/deeper");
  append("new/deeper/a.jsonl", "one");
  tell(What::folder, logs + "/new");
  EXPECT_TRUE(has({"one"}));
  const std::lock_guard lock(watcher.mutex);
  EXPECT_NE(std::find(watcher.folders.begin(), watcher.folders.end(), logs), watcher.folders.end());
}

TEST_F(FollowerTest, D14_AnAtomicReplacementIsAChange) {
  append("a.jsonl", "one");
  start();
  finish();
  std::ofstream(folder / "new") << line("two") << line("three");
  fs::rename(folder / "new", logs + "/a.jsonl");
  tell(What::changed, logs + "/a.jsonl");
  EXPECT_TRUE(has({"one", "two", "three"}));
}

TEST_F(FollowerTest, ARenamedLogIsDrainedBeforeItsSuccessorIsRead) {
  append("a.jsonl", "one");
  start();
  finish();
  append("a.jsonl", "two");
  fs::rename(logs + "/a.jsonl", logs + "/a.jsonl.1");
  append("a.jsonl", "three");
  const std::vector<FileChange> changes = {{What::moved, logs + "/a.jsonl.1", logs + "/a.jsonl"},
                                           {What::changed, logs + "/a.jsonl", ""}};
  on_thread([&] { watcher.tell(changes); });
  EXPECT_TRUE(sink.await([&] { return sink.given.size() == 3; }));
  Texts all = sink.texts();
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, (Texts{"one", "three", "two"}));
}

TEST_F(FollowerTest, WhatWasLostByTheWatcherIsLookedFor) {
  append("a.jsonl", "one");
  start();
  finish();
  append("a.jsonl", "two");
  append("b.jsonl", "three");
  tell(What::lost, "");
  EXPECT_TRUE(sink.await([&] { return sink.given.size() == 3; }));
}

TEST_F(FollowerTest, MessagesAreNoticedThatComeBesideTheFileOfTheirSession) {
  agent = agents::Agent::opencode;
  const std::string storage = folder / "storage";
  const auto write = [&](const std::string& name, const std::string& json) {
    fs::create_directories(fs::path(storage + "/" + name).parent_path());
    std::ofstream(storage + "/" + name) << json;
  };
  const auto say = [&](const std::string& message, const std::string& text) {
    write("part/" + message + "/prt_1.json",
          R"({"id":"prt_1","type":"text","text":")" + text + "\"}");
    write("message/ses_1/" + message + ".json",
          R"({"id":")" + message + R"(","role":"user","time":{"created":1764547200000}})");
  };
  logs = storage + "/session";
  write("session/p/ses_1.json",
        R"({"id":"ses_1","directory":"/w","time":{"created":1764547200000}})");
  say("msg_1", "one");
  start();
  ASSERT_TRUE(sink.await([&] { return said("one"); }));
  say("msg_2", "two");
  tell(What::lost, "");
  EXPECT_TRUE(sink.await([&] { return said("two"); }));

  const std::size_t before = sink.texts().size();
  tell(What::lost, "");
  finish();
  EXPECT_EQ(sink.texts().size(), before);
}

TEST_F(FollowerTest, WithoutAWatcherFilesAreLookedAt) {
  watcher.works = false;
  append("a.jsonl", "one");
  start();
  EXPECT_TRUE(has({"one"}));
  EXPECT_TRUE(status().is_polling);
  append("a.jsonl", "two");
  EXPECT_TRUE(has({"one", "two"}));
}

TEST_F(FollowerTest, D09_WhatCouldNotBeStoredIsTakenAgain) {
  append("a.jsonl", "one");
  sink.failures_to_come = 1;
  start();
  EXPECT_TRUE(sink.await([&] { return sink.failures_to_come == 0; }));
  append("a.jsonl", "two");
  tell(What::changed, logs + "/a.jsonl");
  EXPECT_TRUE(has({"one", "two"}));
  EXPECT_EQ(status().agents.back().agent, agents::Agent::opencode);
}

TEST_F(FollowerTest, WithoutRoomReadingWaitsAndNothingIsDropped) {
  sink.is_full = true;
  append("a.jsonl", "one");
  start();
  EXPECT_TRUE(sink.await([&] { return sink.roomless.size() == 1; }));
  append("a.jsonl", "two");
  EXPECT_EQ(sink.texts(), Texts{});
  make_room();
  EXPECT_TRUE(has({"one", "two"}));
}

TEST_F(FollowerTest, ADocumentWithNothingNewHoldsUpNoneThatStandsBehindIt) {
  const std::string old = write_document("old.json", {"one"});
  start();
  finish();
  sink.is_full = true;
  tell(What::changed, write_document("open.json", {"two"}));
  EXPECT_TRUE(sink.await([&] { return sink.roomless.size() == 1; }));
  for (int i = 0; i < 8; ++i)
    tell(What::changed, write_document("new" + std::to_string(i) + ".json", {"three"}));
  tell(What::changed, old);
  // Until they stand in line behind the one that is open. Were that too soon, this could not fail.
  const auto due = std::chrono::steady_clock::now() + std::chrono::milliseconds{200};
  while (std::chrono::steady_clock::now() < due) status();
  make_room();
  const auto is_taken = [&] {
    return std::count(sink.given.begin(), sink.given.end(), "three") == 8;
  };
  EXPECT_TRUE(sink.await(is_taken));
}

TEST_F(FollowerTest, ADocumentThatWasCutIsToldOnceItIsWhole) {
  start();
  const std::string whole = document({"one", "größer", "three"});
  std::vector<FileChange> changes;
  const auto write_all = [&](bool is_cut) {
    changes.clear();
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
      const std::string path = documents + "/" + std::to_string(bytes) + ".json";
      std::ofstream(path) << (is_cut ? whole.substr(0, bytes) : whole);
      rest(path);  // its writer takes its time
      changes.push_back({What::changed, path, ""});
    }
    on_thread([&] { watcher.tell(changes); });
    finish();
  };
  write_all(true);
  EXPECT_EQ(sink.texts(), Texts{});
  write_all(false);
  for (const char* text : {"one", "größer", "three"})
    EXPECT_EQ(std::count(sink.given.begin(), sink.given.end(), text),
              static_cast<std::ptrdiff_t>(whole.size()));
}

TEST_F(FollowerTest, ADocumentThatIsBeingWrittenIsReadWhenItRests) {
  debounce = std::chrono::hours{1};
  rest(write_document("old.json", {"one"}));
  const std::string path = write_document("new.json", {"two"});
  start();
  EXPECT_TRUE(sink.await([&] { return said("one"); }));
  const auto due = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (status().waiting != 1 && std::chrono::steady_clock::now() < due) continue;
  EXPECT_EQ(status().waiting, 1u);
  stop();
  EXPECT_FALSE(said("two"));
  rest(path);
  start();
  EXPECT_TRUE(sink.await([&] { return said("two"); }));
}

TEST_F(FollowerTest, WhatMayBeCutIsLeftOutWhileTheLogGrows) {
  agent = agents::Agent::cursor;
  logs = folder / "agent-transcripts";
  settle = std::chrono::hours{1};
  fs::create_directories(logs);
  const std::string path = logs + "/a.txt";
  std::ofstream(path) << "user:\none\nassistant:\nhalf";
  start();
  EXPECT_TRUE(sink.await([&] { return said("one"); }));
  std::ofstream(path, std::ios::app) << " and whole\n";
  rest(path);
  tell(What::changed, path);
  EXPECT_TRUE(has({"one", "one", "half and whole"}));  // a sink knows what it had
}

TEST_F(FollowerTest, WhatWasLeftOutIsToldThoughNothingChangesAnyMore) {
  agent = agents::Agent::cursor;
  logs = folder / "agent-transcripts";
  settle = std::chrono::milliseconds{200};
  fs::create_directories(logs);
  std::ofstream(logs + "/a.txt") << "user:\none\nassistant:\ntwo";
  start();
  EXPECT_TRUE(sink.await([&] { return said("two"); }));
}

TEST_F(FollowerTest, OnePassEndsThoughADocumentIsBeingWritten) {
  agent = agents::Agent::cursor;
  logs = folder / "agent-transcripts";
  settle = std::chrono::milliseconds{200};
  tries_again = false;
  fs::create_directories(logs);
  const std::string path = logs + "/a.txt";
  std::ofstream(path) << "user:\none\nassistant:\ntwo";
  std::atomic<bool> has_ended = false, has_given_up = false;
  std::thread writer([&] {
    const auto due = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!has_ended && !has_given_up) {
      fs::last_write_time(path, fs::file_time_type::clock::now());
      has_given_up = std::chrono::steady_clock::now() > due;
    }
  });
  start();
  finish();
  has_ended = true;
  writer.join();
  EXPECT_FALSE(has_given_up);
  EXPECT_TRUE(said("two"));
}

TEST_F(FollowerTest, ALogThatIsGoneIsForgottenAndTakenUpWhenItComesBack) {
  append("a.jsonl", "one");
  start();
  finish();
  fs::rename(logs + "/a.jsonl", folder / "elsewhere");
  tell(What::removed, logs + "/a.jsonl");
  finish();
  EXPECT_EQ(status().agents[7].files, 0u);
  std::ofstream(folder / "elsewhere", std::ios::app) << line("two");
  fs::rename(folder / "elsewhere", logs + "/b.jsonl");
  tell(What::changed, logs + "/b.jsonl");
  EXPECT_TRUE(has({"one", "two"}));
}

TEST_F(FollowerTest, TellsHowFarItIs) {
  append("a.jsonl", "one");
  start();
  finish();
  const FollowerStatus told = status();
  const auto generic =
      std::find_if(told.agents.begin(), told.agents.end(),
                   [](const AgentProgress& each) { return each.agent == agents::Agent::generic; });
  EXPECT_EQ(generic->sources, 1u);
  EXPECT_EQ(generic->files, 1u);
  EXPECT_EQ(generic->bytes, line("one").size());
  EXPECT_EQ(generic->behind, 0u);
  EXPECT_EQ(generic->items, 1);
  EXPECT_TRUE(told.history_is_done);
  EXPECT_EQ(told.history_bytes, told.history_done);
}

TEST_F(FollowerTest, ManyLogsAreAllTaken) {
  constexpr int kLogs = 200;
  for (int i = 0; i < kLogs; ++i)
    for (int j = 0; j < 5; ++j)
      append("log" + std::to_string(i) + ".jsonl", std::to_string(i * 5 + j));
  start();
  finish();
  Texts all = sink.texts();
  EXPECT_EQ(all.size(), 5u * kLogs);
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::unique(all.begin(), all.end()), all.end());
}

}  // namespace
}  // namespace collector
