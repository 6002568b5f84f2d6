#include "store/group_writer.h"

#include <gtest/gtest.h>

#include <semaphore>
#include <thread>

#include "test_executor.h"

namespace store {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using base::Task;

struct Insert : WriteJob {
  explicit Insert(int v) : value(v) {}
  int value;
};

/// Inserts the values of jobs; -1 is refused as a bad value, -2 as a full disk.
class Table : public GroupTarget {
 public:
  Result<void> write(Database& db, std::span<WriteJob* const> jobs) override {
    groups.push_back(jobs.size());
    for (WriteJob* job : jobs) {
      const int value = static_cast<Insert*>(job)->value;
      if (value == -1) return Error{Errc::conflict, "bad value"};
      if (value == -2) return Error{Errc::unavailable, "disk full"};
      TRY_OK(db.run("INSERT INTO t VALUES(?1)", value));
    }
    return {};
  }
  void committed(std::span<WriteJob* const> jobs) override { stored += jobs.size(); }
  void rolled_back() override { ++rollbacks; }
  void rested() override { rests.release(); }

  std::vector<std::size_t> groups;
  std::size_t stored = 0;
  int rollbacks = 0;
  std::counting_semaphore<> rests{0};
};

class GroupWriterTest : public testing::Test {
 protected:
  GroupWriterTest() {
    Database db = *Database::open(folder_ / "test.db", Access::read_write);
    EXPECT_TRUE(db.execute("CREATE TABLE t(a)"));
    writer_ = std::make_unique<GroupWriter>(std::move(db), table_, metrics_,
                                            std::chrono::milliseconds{1});
  }
  ~GroupWriterTest() override { stop(); }

  void start() {
    thread_ = std::thread([this] { writer_->run(); });
  }
  void stop() {
    writer_->stop();
    if (thread_.joinable()) thread_.join();
  }
  Task<void> submit(int value) {
    Insert job(value);
    auto outcome = co_await writer_->submit(job);
    outcomes_.emplace_back(value, outcome ? Errc{} : outcome.error().code, outcome.ok());
  }
  void wait_for_outcomes(std::size_t count) {
    while (outcomes_.size() < count) executor_.run_posted();
  }
  std::int64_t rows() {
    Database reader = *Database::open(folder_ / "test.db", Access::read_only);
    return reader.integer("SELECT count(*) FROM t")->value_or(-1);
  }

  struct Outcome {
    Outcome(int v, Errc c, bool o) : value(v), code(c), ok(o) {}
    int value;
    Errc code;
    bool ok;
  };
  support::TemporaryFolder folder_;
  support::TestExecutor executor_;
  base::Metrics metrics_;
  Table table_;
  std::unique_ptr<GroupWriter> writer_;
  std::thread thread_;
  std::vector<Outcome> outcomes_;
};

TEST_F(GroupWriterTest, WhatWaitsIsWrittenInOneTransaction) {
  for (int i = 0; i < 100; ++i) submit(i).detach();
  start();
  wait_for_outcomes(100);
  EXPECT_EQ(table_.groups, std::vector<std::size_t>{100});
  EXPECT_EQ(rows(), 100);
  for (const Outcome& outcome : outcomes_) EXPECT_TRUE(outcome.ok);
}

TEST_F(GroupWriterTest, ABadJobFailsAloneAndTheOthersAreStored) {
  submit(1).detach();
  submit(-1).detach();
  submit(2).detach();
  start();
  wait_for_outcomes(3);
  for (const Outcome& outcome : outcomes_) EXPECT_EQ(outcome.ok, outcome.value > 0);
  EXPECT_EQ(rows(), 2);
  EXPECT_EQ(table_.stored, 2u);
}

TEST_F(GroupWriterTest, AFullDiskFailsTheGroupWithoutTryingAgain) {
  submit(1).detach();
  submit(-2).detach();
  start();
  wait_for_outcomes(2);
  for (const Outcome& outcome : outcomes_) EXPECT_EQ(outcome.code, Errc::unavailable);
  EXPECT_EQ(rows(), 0);
  EXPECT_EQ(table_.groups.size(), 1u);
  EXPECT_EQ(table_.rollbacks, 1);
}

TEST_F(GroupWriterTest, AQuietWriterRestsAndGoesOn) {
  start();
  for (int i = 0; i < 3; ++i) {
    table_.rests.acquire();
    submit(i).detach();
    wait_for_outcomes(static_cast<std::size_t>(i) + 1);
  }
  table_.rests.acquire();
  EXPECT_EQ(rows(), 3);
}

TEST_F(GroupWriterTest, StopAnswersWhatWasSubmittedAndRefusesTheRest) {
  submit(1).detach();
  start();
  stop();
  wait_for_outcomes(1);
  EXPECT_TRUE(outcomes_[0].ok);
  submit(2).detach();
  ASSERT_EQ(outcomes_.size(), 2u);
  EXPECT_EQ(outcomes_[1].code, Errc::unavailable);
  EXPECT_EQ(rows(), 1);
}

}  // namespace
}  // namespace store
