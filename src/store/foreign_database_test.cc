#include "store/foreign_database.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

#include "base/sha256.h"
#include "test_executor.h"

namespace store {
namespace {

using base::Errc;
namespace fs = std::filesystem;

class ForeignDatabaseTest : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_ / "agent"); }
  void TearDown() override { fs::permissions(folder_ / "agent", fs::perms::owner_all); }

  /// The agent's own connection, with a table of one row.
  Database agent(const std::string& journal_mode) {
    Database db = *Database::open(path_, Access::read_write);
    EXPECT_TRUE(db.execute("PRAGMA wal_autocheckpoint=0"));
    EXPECT_TRUE(db.execute("PRAGMA journal_mode=" + journal_mode));
    EXPECT_TRUE(db.execute("CREATE TABLE t(a); INSERT INTO t VALUES(1)"));
    return db;
  }
  /// Runs `look` while another process has the database open. SQLite shares the index of a WAL
  /// among the connections of one process, and so would not read it as a stranger does.
  void beside_agent(const std::string& journal_mode, const std::function<void()>& look) {
    int ready[2], done[2];
    ASSERT_EQ(::pipe(ready), 0);
    ASSERT_EQ(::pipe(done), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(done[1]);
      Database db = agent(journal_mode);
      char byte = 'x';
      if (::write(ready[1], &byte, 1) != 1 || ::read(done[0], &byte, 1) != 0) ::_exit(1);
      ::_exit(0);  // as if killed: what it has open stays as it is
    }
    char byte = 0;
    ::close(ready[1]);
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    look();
    ::close(done[1]);
    int status = 0;
    ::waitpid(child, &status, 0);
    for (const int end : {ready[0], done[0]}) ::close(end);
  }
  static std::int64_t rows(ForeignDatabase& db) {
    const auto count = db.database().integer("SELECT count(*) FROM t");
    EXPECT_TRUE(count) << count.error().what;
    return count ? count->value_or(-1) : -1;
  }
  /// Name, and all that a write would change, of each file.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_ / "agent")) {
      std::ifstream file(entry.path(), std::ios::binary);
      found[entry.path().filename()] =
          base::sha256_hex(std::string(std::istreambuf_iterator<char>(file), {}), 16);
    }
    return found;
  }
  /// Reads the one row, with the folder as it is and without the right to write it.
  void expect_harmless(std::int64_t expected) {
    for (const fs::perms rights : {fs::perms::owner_all, fs::perms(0500)}) {
      fs::permissions(folder_ / "agent", rights);
      const auto before = files();
      {
        auto db = ForeignDatabase::open(path_);
        ASSERT_TRUE(db) << db.error().what;
        EXPECT_EQ(rows(*db), expected);
        EXPECT_TRUE(db->is_sound());
        EXPECT_EQ(files(), before);
      }
      EXPECT_EQ(files(), before);
    }
    fs::permissions(folder_ / "agent", fs::perms::owner_all);
  }

  support::TemporaryFolder folder_;
  std::string path_ = folder_ / "agent/a b%20?.db";
};

TEST_F(ForeignDatabaseTest, NothingAppearsBesideADatabaseThatNobodyHasOpen) {
  { Database db = agent("DELETE"); }
  expect_harmless(1);
}

TEST_F(ForeignDatabaseTest, NothingAppearsBesideAWalDatabaseThatNobodyHasOpen) {
  { Database db = agent("WAL"); }
  ASSERT_EQ(files().size(), 1u);
  expect_harmless(1);
}

TEST_F(ForeignDatabaseTest, WhatStandsInTheWalIsRead) {
  beside_agent("WAL", [this] {
    ASSERT_GT(fs::file_size(path_ + "-wal"), 0u);
    expect_harmless(1);
  });
}

TEST_F(ForeignDatabaseTest, AWalThatACrashLeftIsReadAsItStands) {
  beside_agent("WAL", [] {});
  ASSERT_TRUE(fs::exists(path_ + "-wal"));
  expect_harmless(1);
}

TEST_F(ForeignDatabaseTest, AWalWithoutItsIndexIsLeftForLater) {
  beside_agent("WAL", [] {});
  fs::remove(path_ + "-shm");
  const auto before = files();
  const auto opened = ForeignDatabase::open(path_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::unavailable);
  EXPECT_EQ(files(), before);
}

TEST_F(ForeignDatabaseTest, TheWriterOfAWalIsNotHeldUp) {
  Database writer = agent("WAL");
  ForeignDatabase reader = *ForeignDatabase::open(path_);
  auto all = *reader.database().prepare("SELECT a FROM t");
  ASSERT_TRUE(*all.step());
  ASSERT_TRUE(writer.execute("PRAGMA busy_timeout=0; INSERT INTO t VALUES(2)"));
  EXPECT_FALSE(*all.step());
  EXPECT_EQ(rows(reader), 2);
  EXPECT_TRUE(reader.is_sound());
}

TEST_F(ForeignDatabaseTest, TheWriterOfAJournalIsNotHeldUpAndItsWriteIsNoticed) {
  Database writer = agent("DELETE");
  ForeignDatabase reader = *ForeignDatabase::open(path_);
  auto all = *reader.database().prepare("SELECT a FROM t");
  ASSERT_TRUE(*all.step());
  EXPECT_TRUE(reader.is_sound());
  ASSERT_TRUE(writer.execute("PRAGMA busy_timeout=0; INSERT INTO t VALUES(2)"));
  EXPECT_FALSE(reader.is_sound());
  ForeignDatabase again = *ForeignDatabase::open(path_);
  EXPECT_EQ(rows(again), 2);
}

TEST_F(ForeignDatabaseTest, ATransactionThatIsBeingWrittenIsLeftForLater) {
  Database writer = agent("DELETE");
  ASSERT_TRUE(writer.execute("PRAGMA cache_size=1; PRAGMA cache_spill=1"));
  auto transaction = *writer.begin();
  ASSERT_TRUE(writer.execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
      " INSERT INTO t SELECT hex(randomblob(500)) FROM n"));
  ASSERT_TRUE(fs::exists(path_ + "-journal"));
  const auto opened = ForeignDatabase::open(path_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::unavailable);
}

TEST_F(ForeignDatabaseTest, AJournalThatIsKeptForTheNextTransactionIsNone) {
  Database writer = agent("PERSIST");
  ASSERT_GT(fs::file_size(path_ + "-journal"), 0u);
  expect_harmless(1);
}

TEST_F(ForeignDatabaseTest, ItCannotBeWritten) {
  { Database db = agent("DELETE"); }
  ForeignDatabase db = *ForeignDatabase::open(path_);
  EXPECT_EQ(db.database().run("INSERT INTO t VALUES(2)").error().code, Errc::unavailable);
}

TEST_F(ForeignDatabaseTest, AValueTooLongIsAnErrorOfItsQueryOnly) {
  {
    Database db = agent("DELETE");
    ASSERT_TRUE(db.execute("INSERT INTO t VALUES(zeroblob(17000000))"));
  }
  ForeignDatabase db = *ForeignDatabase::open(path_);
  EXPECT_EQ(db.database().text("SELECT a FROM t WHERE rowid = 2").error().code,
            Errc::invalid_argument);
  EXPECT_EQ(*db.database().text("SELECT a FROM t WHERE rowid = 1"), "1");
}

TEST_F(ForeignDatabaseTest, ErrorsTellWhatIsWrong) {
  EXPECT_EQ(ForeignDatabase::open(path_).error().code, Errc::not_found);
  EXPECT_EQ(ForeignDatabase::open(folder_ / "agent").error().code, Errc::unavailable);
  std::ofstream(path_) << "no database at all";
  EXPECT_EQ(ForeignDatabase::open(path_).error().code, Errc::corrupt);
  std::ofstream(path_, std::ios::trunc).close();
  EXPECT_EQ(ForeignDatabase::open(path_).error().code, Errc::corrupt);
}

}  // namespace
}  // namespace store
