#include "sqlite_schema.h"

#include <gtest/gtest.h>

namespace tasks {
namespace {

using store::Database;

class SqliteSchemaTest : public testing::Test {
 protected:
  bool open() {
    const auto opened = open_task_schema(db_);
    EXPECT_TRUE(opened) << opened.error().what;
    return opened.ok();
  }
  bool has(std::string_view name) {
    return db_.integer("SELECT 1 FROM sqlite_master WHERE name = ?1", name)->has_value();
  }

  Database db_ = *Database::open(":memory:", store::Access::read_write);
};

TEST_F(SqliteSchemaTest, AddsToATaskcastFileWhatItLacks) {
  ASSERT_TRUE(db_.execute(
      "CREATE TABLE taskcast_tasks(id TEXT PRIMARY KEY, type TEXT, status TEXT NOT NULL, params "
      "TEXT, result TEXT, error TEXT, metadata TEXT, auth_config TEXT, webhooks TEXT, cleanup "
      "TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, completed_at INTEGER, ttl "
      "INTEGER); INSERT INTO taskcast_tasks(id, status, created_at, updated_at) VALUES('t', "
      "'running', 1, 1)"));
  ASSERT_TRUE(open());
  EXPECT_TRUE(has("sightline_publishers"));
  EXPECT_EQ(*db_.text("SELECT id FROM taskcast_tasks WHERE extra IS NULL"), "t");
}

TEST_F(SqliteSchemaTest, WhatIsKnownOfPublishersGoesWithTheTask) {
  ASSERT_TRUE(open());
  ASSERT_TRUE(db_.execute(
      "PRAGMA foreign_keys=ON; INSERT INTO taskcast_tasks(id, status, created_at, updated_at) "
      "VALUES('t', 'running', 1, 1); INSERT INTO sightline_publishers VALUES('t', 'c', 1, 1); "
      "DELETE FROM taskcast_tasks"));
  EXPECT_EQ(*db_.integer("SELECT count(*) FROM sightline_publishers"), 0);
}

}  // namespace
}  // namespace tasks
