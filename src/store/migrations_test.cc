#include "store/migrations.h"

#include <gtest/gtest.h>

#include "test_executor.h"

namespace store {
namespace {

Migration step(int number, const char* sql) {
  return {number, "test", [sql](Database& db) { return db.execute(sql); }};
}

class MigrationsTest : public testing::Test {
 protected:
  bool has(const char* table) {
    return db_.integer("SELECT 1 FROM sqlite_master WHERE name = ?1", table)->has_value();
  }
  support::TemporaryFolder folder_;
  Database db_ = *Database::open(folder_ / "test.db", Access::read_write);
};

TEST_F(MigrationsTest, EachStepRunsOnce) {
  const Migration first[] = {step(1, "CREATE TABLE a(x)")};
  ASSERT_TRUE(migrate(db_, "test", first));
  ASSERT_TRUE(migrate(db_, "test", first));
  const Migration both[] = {step(1, "CREATE TABLE a(x)"), step(2, "CREATE TABLE b(x)")};
  ASSERT_TRUE(migrate(db_, "test", both));
  EXPECT_TRUE(has("a") && has("b"));
}

TEST_F(MigrationsTest, AStepThatFailsTakesTheOthersWithIt) {
  const Migration steps[] = {step(1, "CREATE TABLE a(x)"), step(2, "NOT SQL")};
  const auto failed = migrate(db_, "test", steps);
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().what.find("schema test step 2"), std::string::npos);
  EXPECT_FALSE(has("a"));
}

TEST_F(MigrationsTest, AFileFromANewerProgramIsRefused) {
  const Migration both[] = {step(1, "CREATE TABLE a(x)"), step(2, "CREATE TABLE b(x)")};
  ASSERT_TRUE(migrate(db_, "test", both));
  const Migration old[] = {step(1, "CREATE TABLE a(x)")};
  EXPECT_EQ(migrate(db_, "test", old).error().code, base::Errc::conflict);
}

TEST_F(MigrationsTest, SchemasOfDifferentNamesDoNotMeet) {
  const Migration first[] = {step(1, "CREATE TABLE a(x)")};
  const Migration other[] = {step(1, "CREATE TABLE b(x)")};
  ASSERT_TRUE(migrate(db_, "one", first));
  ASSERT_TRUE(migrate(db_, "two", other));
  EXPECT_TRUE(has("a") && has("b"));
}

}  // namespace
}  // namespace store
