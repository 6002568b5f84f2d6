#include "collector/backfill_state.h"

#include <gtest/gtest.h>

#include "test_executor.h"

namespace collector {
namespace {

using Status = BackfillState::Status;

class BackfillStateTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(backfill::create(db, "").ok()); }

  BackfillState of(Status status) const {
    BackfillState state;
    state.agent = "claude";
    state.path = "/logs/a.jsonl";
    state.offset = 10;
    state.events = 2;
    state.status = status;
    return state;
  }
  BackfillState stored() {
    auto all = backfill::all(db, "claude");
    EXPECT_TRUE(all.ok());
    EXPECT_EQ(all->size(), 1u);
    return all->front();
  }

  support::TemporaryFolder folder;
  store::Database db = *store::Database::open(folder / "buffer.db", store::Access::read_write);
};

TEST_F(BackfillStateTest, StartsOnceAndIsCompletedAtItsEnd) {
  ASSERT_TRUE(backfill::put(db, of(Status::in_progress), 100).ok());
  EXPECT_FALSE(stored().completed_at);
  ASSERT_TRUE(backfill::put(db, of(Status::completed), 200).ok());
  EXPECT_EQ(stored().started_at, 100);
  EXPECT_EQ(stored().completed_at, 200);
}

TEST_F(BackfillStateTest, D32_ASuccessClearsWhatWentWrong) {
  BackfillState failed = of(Status::failed);
  failed.error = "no right to read";
  ASSERT_TRUE(backfill::fail(db, failed, 100).ok());
  EXPECT_EQ(stored().error, "no right to read");
  EXPECT_EQ(stored().status, Status::failed);
  ASSERT_TRUE(backfill::put(db, of(Status::completed), 200).ok());
  EXPECT_EQ(stored().error, "");
  EXPECT_EQ(stored().status, Status::completed);
}

TEST_F(BackfillStateTest, WhatIsInProgressIsPaused) {
  ASSERT_TRUE(backfill::put(db, of(Status::in_progress), 100).ok());
  ASSERT_TRUE(backfill::pause_all(db).ok());
  EXPECT_EQ(stored().status, Status::paused);
}

TEST_F(BackfillStateTest, AnUnknownStatusReadsAsNew) {
  ASSERT_TRUE(backfill::put(db, of(Status::in_progress), 100).ok());
  ASSERT_TRUE(db.run("UPDATE backfill_state SET status = 'later'").ok());
  EXPECT_EQ(stored().status, Status::fresh);
}

TEST_F(BackfillStateTest, MayLieInADatabaseOfItsOwn) {
  store::Database other = *store::Database::open(folder / "other.db", store::Access::read_write);
  ASSERT_TRUE(backfill::create(other, folder / "backfill.db").ok());
  ASSERT_TRUE(backfill::put(other, of(Status::completed), 100).ok());
  auto own = *store::Database::open(folder / "backfill.db", store::Access::read_only);
  EXPECT_EQ(*own.integer("SELECT count(*) FROM backfill_state"), 1);
}

}  // namespace
}  // namespace collector
