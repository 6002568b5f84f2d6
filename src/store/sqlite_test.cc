#include "store/sqlite.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "test_executor.h"

namespace store {
namespace {

using base::Errc;

class SqliteTest : public testing::Test {
 protected:
  Database open() { return *Database::open(path_, Access::read_write); }
  support::TemporaryFolder folder_;
  std::string path_ = folder_ / "data/test.db";
};

TEST_F(SqliteTest, ANewDatabaseIsItsOwnersAlone) {
  Database db = open();
  struct stat file {
  }, folder{};
  ASSERT_EQ(::stat(path_.c_str(), &file), 0);
  ASSERT_EQ(::stat((folder_ / "data").c_str(), &folder), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u);
  EXPECT_EQ(folder.st_mode & 0777, 0700u);
}

TEST_F(SqliteTest, ValuesComeBackAsTheyWereBound) {
  Database db = open();
  ASSERT_TRUE(db.execute("CREATE TABLE t(a, b, c, d, e)"));
  const std::string text("with\0nul", 8);
  ASSERT_TRUE(db.run("INSERT INTO t VALUES(?1, ?2, ?3, ?4, ?5)", 42, 0.1, text, NullIfEmpty{""},
                     std::optional<double>{}));
  auto row = *db.prepare("SELECT a, b, c, d, e FROM t");
  ASSERT_TRUE(*row.step());
  EXPECT_EQ(row.integer(0), 42);
  EXPECT_EQ(row.real(1), 0.1);
  EXPECT_EQ(row.text(2), text);
  EXPECT_TRUE(row.is_null(3));
  EXPECT_EQ(row.real_or_null(4), std::nullopt);
  EXPECT_FALSE(*row.step());
}

TEST_F(SqliteTest, AnEmptyTextIsNotNull) {
  Database db = open();
  EXPECT_EQ(*db.integer("SELECT ?1 IS NULL", std::string_view()), 0);
}

TEST_F(SqliteTest, ATransactionThatIsNotCommittedLeavesNothing) {
  Database db = open();
  ASSERT_TRUE(db.execute("CREATE TABLE t(a)"));
  {
    auto transaction = *db.begin();
    ASSERT_TRUE(db.run("INSERT INTO t VALUES(1)"));
  }
  EXPECT_EQ(*db.integer("SELECT count(*) FROM t"), 0);
}

TEST_F(SqliteTest, ErrorsTellWhatCanBeDone) {
  Database db = open();
  ASSERT_TRUE(db.execute("CREATE TABLE t(a UNIQUE)"));
  ASSERT_TRUE(db.run("INSERT INTO t VALUES(1)"));
  EXPECT_EQ(db.run("INSERT INTO t VALUES(1)").error().code, Errc::conflict);
  EXPECT_EQ(db.run("NOT SQL").error().code, Errc::corrupt);
  Database reader = *Database::open(path_, Access::read_only);
  EXPECT_EQ(reader.run("INSERT INTO t VALUES(2)").error().code, Errc::unavailable);
}

// In WAL mode each connection holds a shared lock for as long as it is open; without one, the next
// program to close the file takes the log away.
TEST_F(SqliteTest, AFurtherConnectionLeavesTheLocksOfTheFirst) {
  Database first = open();
  ASSERT_TRUE(first.execute("CREATE TABLE t(a)"));
  { Database second = open(); }
  const pid_t other = ::fork();
  if (other == 0) {
    struct flock shared {};
    shared.l_type = F_WRLCK;
    shared.l_whence = SEEK_SET;
    shared.l_start = 0x40000002;  // SQLite's SHARED_FIRST
    shared.l_len = 510;
    const int file = ::open(path_.c_str(), O_RDWR);
    ::_exit(::fcntl(file, F_GETLK, &shared) == 0 && shared.l_type == F_RDLCK ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(other, &status, 0), other);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(SqliteTest, ManyStatementsDoNotPileUpAndABorrowedOneStays) {
  Database db = open();
  auto borrowed = *db.prepare("SELECT 6 * 7");
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(*db.integer("SELECT " + std::to_string(i)), i);
  ASSERT_TRUE(*borrowed.step());
  EXPECT_EQ(borrowed.integer(0), 42);
}

TEST_F(SqliteTest, AFileThatIsNoDatabaseIsCorruptAndStaysAsItIs) {
  const std::string path = folder_ / "garbage.db";
  const std::string garbage(5000, 'x');
  std::ofstream(path) << garbage;
  const auto opened = Database::open(path, Access::read_write);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::corrupt);
  EXPECT_NE(opened.error().what.find(path), std::string::npos);
  std::ifstream file(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), garbage);
}

TEST_F(SqliteTest, AQueryPastItsDeadlineIsInterrupted) {
  Database db = open();
  db.set_deadline(std::chrono::steady_clock::now() - std::chrono::seconds{1});
  const auto endless = db.integer(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n");
  EXPECT_EQ(endless.error().code, Errc::unavailable);
  db.set_deadline(std::nullopt);
  EXPECT_EQ(*db.integer("SELECT 1"), 1);
}

}  // namespace
}  // namespace store
