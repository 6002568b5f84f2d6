#include "collector/buffer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "collector/parked.h"
#include "test_executor.h"

namespace collector {
namespace {

using store::Database;
using testing::ElementsAre;
using testing::StartsWith;

AgentEvent event(const std::string& id, const std::string& session = "s") {
  AgentEvent event;
  event.id = id;
  event.event_type = "tool_use";
  event.agent_id = "claude";
  event.agent_version = "1.0.0";
  event.session_id = session;
  event.project_id = 12;
  return event;
}

class BufferTest : public testing::Test {
 protected:
  ~BufferTest() override { close(); }

  void open(std::int64_t capacity = 100) {
    auto opened = Buffer::open({path_, capacity}, clock_, metrics_);
    ASSERT_TRUE(opened.ok()) << opened.error().what;
    buffer_ = std::move(*opened);
    writer_ = std::thread([this] { buffer_->run(); });
  }
  void close() {
    if (!buffer_) return;
    buffer_->stop();
    writer_.join();
    buffer_.reset();
  }
  void store(std::vector<std::string> ids, Buffer::Also also = {}) {
    const auto stored = try_store(std::move(ids), std::move(also));
    EXPECT_TRUE(stored.ok()) << stored.error().what;
  }
  base::Result<std::int64_t> try_store(std::vector<std::string> ids, Buffer::Also also = {},
                                       Buffer::WhenFull when_full = Buffer::WhenFull::evict) {
    std::vector<AgentEvent> events;
    for (const std::string& id : ids) events.push_back(event(id));
    return executor_.await(buffer_->store(std::move(events), std::move(also), when_full));
  }
  std::vector<BufferedEvent> oldest(std::size_t count = 100) {
    auto found = executor_.await(buffer_->oldest(count));
    EXPECT_TRUE(found.ok());
    return std::move(*found);
  }
  std::vector<std::string> ids(std::size_t count = 100) {
    std::vector<std::string> all;
    for (const BufferedEvent& one : oldest(count)) all.push_back(one.event_id);
    return all;
  }
  void remove(std::vector<std::int64_t> rows) {
    EXPECT_TRUE(executor_.await(buffer_->remove(std::move(rows))).ok());
  }
  /// In the file, through another connection.
  void elsewhere(const std::string& sql) {
    auto db = Database::open(path_, store::Access::read_write);
    ASSERT_TRUE(db.ok());
    const auto done = db->execute(sql);
    EXPECT_TRUE(done.ok()) << done.error().what;
  }
  std::string asked(const std::string& sql) {
    auto db = Database::open(path_, store::Access::read_only);
    return db->text(sql)->value_or("NULL");
  }
  BufferStats stats() {
    auto db = Database::open(path_, store::Access::read_only);
    return *Buffer::stats(*db, buffer_->capacity());
  }

  support::TemporaryFolder folder_;
  std::string path_ = folder_ / "new/folder/buffer.db";
  support::FakeClock clock_;
  base::Metrics metrics_;
  support::TestExecutor executor_;
  std::unique_ptr<Buffer> buffer_;
  std::thread writer_;
};

TEST_F(BufferTest, D17_TheFileIsMadeWithItsFolderForItsOwnerOnly) {
  open();
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(BufferTest, Vector10_AtTheCapacityTheNewestStay) {
  open(3);
  store({"1", "2", "3", "4", "5"});
  EXPECT_EQ(buffer_->count(), 3);
  EXPECT_EQ(buffer_->room(), 0);
  EXPECT_THAT(ids(), ElementsAre("3", "4", "5"));
  EXPECT_THAT(metrics_.text(), testing::HasSubstr("sightline_buffer_evicted_total 2"));
}

TEST_F(BufferTest, Vector11_WhatIsRemovedIsGoneTheRestStays) {
  open();
  store({"1", "2", "3"});
  const auto all = oldest();
  remove({all[0].row, all[1].row});
  EXPECT_THAT(ids(), ElementsAre("3"));
  remove({});
  EXPECT_EQ(buffer_->count(), 1);
  remove({all[0].row});
  EXPECT_EQ(buffer_->count(), 1);
}

TEST_F(BufferTest, Vector11_StatsTellHowFullItIs) {
  open();
  EXPECT_EQ(stats().oldest, std::nullopt);
  store({"1", "2", "3", "4", "5"});
  EXPECT_EQ(stats().count, 5);
  EXPECT_EQ(stats().max_size, 100);
  EXPECT_DOUBLE_EQ(stats().usage, 5.0);
  EXPECT_EQ(stats().oldest, clock_.time);
  EXPECT_EQ(stats().newest, clock_.time);
}

TEST_F(BufferTest, WhatWasStoredIsThereAfterARestart) {
  open();
  store({"1", "2"});
  close();
  open();
  EXPECT_EQ(buffer_->count(), 2);
  EXPECT_THAT(ids(1), ElementsAre("1"));
}

TEST_F(BufferTest, D26_InMemoryNothingIsWritten) {
  path_ = ":memory:";
  open();
  store({"1"});
  EXPECT_THAT(ids(), ElementsAre("1"));
  EXPECT_FALSE(std::filesystem::exists(":memory:"));
}

TEST_F(BufferTest, EventsAndWhatGoesWithThemAreStoredTogetherOrNotAtAll) {
  open();
  elsewhere("CREATE TABLE sightline_place(at INTEGER)");
  store({"1"},
        [](Database& db, std::int64_t) { return db.run("INSERT INTO sightline_place VALUES(7)"); });
  const auto failed = try_store({"2"}, [](Database& db, std::int64_t) -> base::Result<void> {
    TRY_OK(db.run("INSERT INTO sightline_place VALUES(8)"));
    return db.run("INSERT INTO events(id) VALUES(1)");
  });
  EXPECT_FALSE(failed.ok());
  EXPECT_THAT(ids(), ElementsAre("1"));
  EXPECT_EQ(buffer_->count(), 1);
  EXPECT_EQ(asked("SELECT group_concat(at) FROM sightline_place"), "7");
}

TEST_F(BufferTest, AFileOfAnEarlierCollectorIsTakenOver) {
  std::filesystem::create_directories(folder_ / "new/folder");
  elsewhere(
      "CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, "
      "timestamp "
      "INTEGER NOT NULL, agent_id TEXT NOT NULL, session_id TEXT NOT NULL, project_id INTEGER NOT "
      "NULL, data TEXT NOT NULL, created_at INTEGER NOT NULL);"
      "INSERT INTO events(event_id, timestamp, agent_id, session_id, project_id, data, created_at) "
      "VALUES('old', 1, 'claude', 's', 12, '" +
      to_json(event("old")) + "', 1000)");
  open();
  store({"new"});
  EXPECT_THAT(ids(), ElementsAre("old", "new"));
  EXPECT_EQ(asked("SELECT typeof(project_id) || timestamp FROM events WHERE event_id = 'new'"),
            "integer0");
}

TEST_F(BufferTest, RowsHoldWhatEarlierCollectorsRead) {
  open();
  store({"1"});
  EXPECT_EQ(asked("SELECT event_id || '|' || timestamp || '|' || agent_id || '|' || session_id || "
                  "'|' || project_id || '|' || created_at FROM events"),
            "1|0|claude|s|12|1772366400");
  EXPECT_EQ(asked("SELECT data FROM events"), to_json(event("1")));
  EXPECT_EQ(asked("SELECT group_concat(name) FROM pragma_index_list('events')"),
            "idx_created_at,idx_timestamp");
}

TEST_F(BufferTest, D33_AnUnreadableRowIsSetAsideAndHoldsUpNothing) {
  open();
  store({"1"});
  elsewhere(
      "INSERT INTO events(event_id, timestamp, agent_id, session_id, project_id, data, created_at) "
      "VALUES('bad', 1, 'a', 's', '1', '{broken', 5), ('worse', 1, 'a', 's', '1', '{}', 6)");
  EXPECT_THAT(ids(), ElementsAre("1"));
  EXPECT_EQ(buffer_->count(), 1);
  EXPECT_EQ(stats().parked, 2);
  EXPECT_EQ(asked("SELECT reason FROM sightline_parked WHERE event_id = 'worse'"),
            "not an event: id is missing");
}

TEST_F(BufferTest, AParkedEventKeepsItsTextAndTheReason) {
  open();
  store({"1", "2"});
  const auto row = oldest()[0].row;
  EXPECT_TRUE(executor_.await(buffer_->park(row, "too odd")).ok());
  EXPECT_TRUE(executor_.await(buffer_->park(row, "again")).ok());
  EXPECT_THAT(ids(), ElementsAre("2"));
  EXPECT_EQ(asked("SELECT count(*) || event_id || reason || parked_at FROM sightline_parked"),
            "11too odd1772366400");
  EXPECT_EQ(asked("SELECT data FROM sightline_parked"), to_json(event("1")));
}

TEST_F(BufferTest, WhatIsParkedIsBoundedToo) {
  open();
  elsewhere(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) "
      "INSERT INTO sightline_parked(event_id, data, reason, parked_at) SELECT i, '', '', 0 FROM n");
  store({"x"});
  EXPECT_TRUE(executor_.await(buffer_->park(oldest()[0].row, "")).ok());
  EXPECT_EQ(stats().parked, Buffer::kMaxParked);
  EXPECT_EQ(asked("SELECT min(id) FROM sightline_parked"), "2");
}

TEST_F(BufferTest, AClockThatGoesBackDoesNotChangeTheOrder) {
  open();
  store({"1"});
  clock_.time -= std::chrono::hours{1};
  store({"2"});
  EXPECT_THAT(ids(), ElementsAre("1", "2"));
  close();
  open();
  store({"3"});
  EXPECT_THAT(ids(), ElementsAre("1", "2", "3"));
}

TEST_F(BufferTest, AReadIsBoundedInBytesButReturnsOneAtLeast) {
  open();
  AgentEvent large = event("large");
  large.data = "\"text\":\"" + std::string(Buffer::kMaxReadBytes, 'x') + "\"";
  std::vector<AgentEvent> events{large, event("small")};
  ASSERT_TRUE(executor_.await(buffer_->store(std::move(events), {})).ok());
  EXPECT_THAT(ids(), ElementsAre("large"));
}

TEST_F(BufferTest, WhoeverWaitsForRoomGoesOnOnceThereIs) {
  open(3);
  store({"1", "2", "3"});
  bool served = false;
  const auto wait = [&]() -> base::Task<void> { served = co_await buffer_->wait_for_room(2); };
  wait().detach();
  const auto all = oldest();
  remove({all[0].row});
  executor_.run_posted();
  EXPECT_FALSE(served);
  remove({all[1].row});
  executor_.run_posted();
  EXPECT_TRUE(served);
  EXPECT_TRUE(executor_.await(buffer_->wait_for_room(1)));
}

TEST_F(BufferTest, WhoeverWaitsForRoomIsToldOfTheStop) {
  open(1);
  store({"1"});
  std::optional<bool> served;
  const auto wait = [&]() -> base::Task<void> { served = co_await buffer_->wait_for_room(5); };
  wait().detach();
  buffer_->stop();
  executor_.run_posted();
  EXPECT_EQ(served, false);
}

TEST_F(BufferTest, RowsOfAnotherProgramCountTowardsTheCapacity) {
  open(3);
  store({"1"});
  for (const char* id : {"a", "b"})
    elsewhere(
        "INSERT INTO events(event_id, timestamp, agent_id, session_id, project_id, data, "
        "created_at) VALUES('" +
        std::string(id) + "', 1, 'a', 's', '1', '" + to_json(event(id)) + "', 1772366400)");
  store({"2"});
  EXPECT_THAT(ids(), ElementsAre("a", "b", "2"));
}

TEST(BufferOpenTest, AFileThatIsNoDatabaseIsNamed) {
  support::FakeClock clock;
  base::Metrics metrics;
  const auto buffer = Buffer::open({"/dev/null/x.db", 100}, clock, metrics);
  ASSERT_FALSE(buffer.ok());
  EXPECT_THAT(buffer.error().what, StartsWith("failed to open database: "));
}

TEST_F(BufferTest, D25_TheFileHasAWriteAheadLogAndOthersWaitForIt) {
  open();
  EXPECT_EQ(asked("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(asked("PRAGMA busy_timeout"), "5000");
}

TEST_F(BufferTest, D02_AnEventThatItHasHadIsNotSentOnceMore) {
  open();
  store({"1", "2"});
  remove({1, 2});
  EXPECT_EQ(*try_store({"2", "3"}), 1);
  EXPECT_EQ(ids(), std::vector<std::string>{"3"});
  close();
  open();
  EXPECT_EQ(*try_store({"1", "3"}), 0);
}

TEST_F(BufferTest, WhoHasWaitedForRoomEvictsNothing) {
  open(2);
  store({"1", "2"});
  EXPECT_EQ(*try_store({"3"}, {}, Buffer::WhenFull::exceed), 1);
  EXPECT_EQ(ids(), (std::vector<std::string>{"1", "2", "3"}));
}

TEST_F(BufferTest, NobodyWaitsForRoomOnceItIsClosedToThat) {
  open(1);
  store({"1"});
  base::Task<bool> wait = buffer_->wait_for_room(1);
  executor_.post([this] { buffer_->close_to_waiters(); });
  EXPECT_FALSE(executor_.await(std::move(wait)));
  EXPECT_EQ(ids(), std::vector<std::string>{"1"});  // all else goes on
}

TEST_F(BufferTest, WhatWasSetAsideIsPutBackBehindTheOthers) {
  open();
  store({"1", "2", "3"});
  for (const BufferedEvent& one : oldest(2))
    EXPECT_TRUE(executor_.await(buffer_->park(one.row, "no " + one.event_id)).ok());
  elsewhere(
      "INSERT INTO sightline_parked(event_id, data, reason, parked_at) "
      "VALUES('x', '{}', 'not an event', 1)");
  auto db = Database::open(path_, store::Access::read_write);
  ASSERT_TRUE(db.ok());
  EXPECT_EQ(parked::summary(*db)->count, 3);
  EXPECT_EQ(parked::summary(*db)->last_reason, "not an event");

  const auto some = parked::put_back(*db, 2, clock_.now());
  ASSERT_TRUE(some.ok()) << some.error().what;
  EXPECT_EQ(some->moved, 1);
  EXPECT_EQ(some->without_room, 1);
  EXPECT_EQ(some->unreadable, 1);
  EXPECT_EQ(parked::put_back(*db, 100, clock_.now())->moved, 1);
  EXPECT_THAT(ids(), ElementsAre("3", "1", "2"));
  EXPECT_EQ(buffer_->count(), 3);
  EXPECT_EQ(parked::summary(*db)->count, 1);
}

}  // namespace
}  // namespace collector
