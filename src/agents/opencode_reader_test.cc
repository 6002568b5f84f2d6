#include "opencode_reader.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "conversation_test_support.h"
#include "test_executor.h"

namespace agents {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
namespace fs = std::filesystem;

constexpr std::int64_t kBegin = 1768032000000;  // 2026-01-10T08:00:00Z

const std::string kUser =
    R"({"role":"user","time":{"created":1768032001000},"model":{"providerID":"p","modelID":"m"}})";
const std::string kAssistant =
    R"({"role":"assistant","modelID":"m","providerID":"p","path":{"cwd":"/w/sub","root":"/w"},)"
    R"("time":{"created":1768032002000,"completed":1768032005000},"cost":0.25,)"
    R"("tokens":{"input":10,"output":4,"reasoning":3,"cache":{"read":100,"write":20}}})";
const std::string kRunning =
    R"({"type":"tool","callID":"c1","tool":"bash","state":{"status":"running","input":{"command":"ls"}}})";
const std::string kRan =
    R"({"type":"tool","callID":"c1","tool":"bash","state":{"status":"completed","input":{"command":"ls"},)"
    R"("output":"a","time":{"start":1768032003000,"end":1768032003500}}})";

class OpenCode : public testing::Test {
 protected:
  OpenCode() : db_(*store::Database::open(path_, store::Access::read_write)) {
    EXPECT_TRUE(db_.execute(
        "CREATE TABLE project(id TEXT PRIMARY KEY, worktree TEXT, time_created, time_updated);"
        "CREATE TABLE session(id TEXT PRIMARY KEY, project_id TEXT, parent_id TEXT, title TEXT,"
        " directory TEXT, time_created INTEGER, time_updated INTEGER);"
        "CREATE TABLE message(id TEXT PRIMARY KEY, session_id TEXT, time_created INTEGER,"
        " time_updated INTEGER, data TEXT);"
        "CREATE TABLE part(id TEXT PRIMARY KEY, message_id TEXT, session_id TEXT,"
        " time_created INTEGER, time_updated INTEGER, data TEXT);"
        "INSERT INTO project VALUES('pr', '/w', 0, 0)"));
    // SQLite shares a WAL's index within a process: as strangers the two would be without it.
    EXPECT_TRUE(db_.execute("PRAGMA journal_mode=DELETE"));
  }
  void session(const std::string& id, const std::string& directory, std::int64_t at = kBegin) {
    ASSERT_TRUE(
        db_.run("INSERT INTO session VALUES(?1, 'pr', NULL, 't', ?2, ?3, ?3)", id, directory, at));
  }
  void message(const std::string& id, const std::string& session, const std::string& data,
               std::int64_t at = kBegin) {
    ASSERT_TRUE(db_.run("INSERT OR REPLACE INTO message VALUES(?1, ?2, ?3, ?3, ?4)", id, session,
                        at, data));
  }
  void part(const std::string& id, const std::string& message, const std::string& data,
            std::int64_t at = kBegin) {
    ASSERT_TRUE(db_.run("INSERT OR REPLACE INTO part VALUES(?1, ?2, 'ses_1', ?3, ?3, ?4)", id,
                        message, at, data));
  }
  static std::string text(const std::string& text) {
    return R"({"type":"text","text":")" + text + "\"}";
  }

  support::TemporaryFolder folder_;
  std::string path_ = folder_ / "opencode.db";
  store::Database db_;
  OpenCodeDatabaseReader reader_;
};

TEST_F(OpenCode, ASessionIsToldWithItsToolsTokensAndCost) {
  session("ses_1", "");
  message("msg_1", "ses_1", kUser);
  part("prt_1", "msg_1", text("list it"));
  part("prt_2", "msg_1", R"({"type":"text","text":"by the program","synthetic":true})");
  message("msg_2", "ses_1", kAssistant);
  part("prt_3", "msg_2", R"({"type":"step-start"})");
  part("prt_4", "msg_2", kRan);
  part("prt_5", "msg_2", text("One"));
  part("prt_6", "msg_2", text("file."));
  EXPECT_THAT(
      tell(reader_, path_),
      ElementsAre("session_start id=ses_1 session=ses_1 at=2026-01-10T08:00:00.000Z cwd=/w",
                  "prompt id=msg_1 session=ses_1 at=2026-01-10T08:00:01.000Z model=m cwd=/w"
                  " text=\"list it\"",
                  "command id=prt_4 session=ses_1 at=2026-01-10T08:00:03.000Z model=m cwd=/w/sub"
                  " tool=bash call=c1 input={\"command\":\"ls\"} output=\"a\" ms=500",
                  "response id=msg_2 session=ses_1 at=2026-01-10T08:00:05.000Z model=m cwd=/w/sub"
                  " text=\"One\\nfile.\" ms=3000 usage=10/7 cached=100 written=20 reasoning=3"
                  " cost=0.25"));
}

TEST_F(OpenCode, WhatIsNotCompleteIsLeftForLater) {
  session("ses_1", "/d");
  message("msg_1", "ses_1", R"({"role":"assistant","time":{"created":1}})");
  part("prt_1", "msg_1", kRunning);
  part("prt_2", "msg_1", text("so far"));
  message("msg_2", "ses_1", kUser);
  EXPECT_THAT(tell(reader_, path_), ElementsAre(StartsWith("session_start")));
}

TEST_F(OpenCode, OnlyWhatChangedIsReadAgain) {
  constexpr std::int64_t kHour = 3600'000;
  session("ses_1", "/d");
  message("msg_1", "ses_1", kUser);
  part("prt_1", "msg_1", text("old"));
  message("msg_2", "ses_1", kAssistant, kBegin + kHour);
  part("prt_2", "msg_2", kRunning, kBegin + kHour);
  session("ses_2", "/e", kBegin + kHour);
  EXPECT_EQ(tell(reader_, path_).size(), 4u);
  part("prt_2", "msg_2", kRan, kBegin + 2 * kHour);
  OpenCodeDatabaseReader next;
  ASSERT_TRUE(next.restore(reader_.save()));
  const Shown shown = tell(next, path_);
  EXPECT_THAT(shown, testing::Contains(AllOf(StartsWith("command id=prt_2"))));
  EXPECT_THAT(shown, testing::Not(testing::Contains(HasSubstr("msg_1"))));
  EXPECT_FALSE(next.restore("[]"));
  EXPECT_FALSE(next.restore("x"));
  EXPECT_TRUE(next.restore(""));
}

TEST_F(OpenCode, ErrorsOfMessagesAndToolsAreTold) {
  session("ses_1", "/d");
  message("msg_1", "ses_1",
          R"({"role":"assistant","time":{"created":1768032000000},)"
          R"("error":{"name":"APIError","data":{"message":"no quota"}}})");
  part(
      "prt_1", "msg_1",
      R"({"type":"tool","callID":"c","tool":"edit","state":{"status":"error","input":{"filePath":"/w/a"},"error":"no such text"}})");
  EXPECT_THAT(tell(reader_, path_),
              ElementsAre(StartsWith("session_start"),
                          AllOf(StartsWith("file_modify id=prt_1"),
                                EndsWith(" output=\"no such text\" file=/w/a error")),
                          AllOf(StartsWith("failure id=msg_1#error"),
                                EndsWith(" text=\"no quota\" error"))));
}

TEST_F(OpenCode, BrokenAndHugeDataIsCountedAndTheRestIsRead) {
  session("ses_1", "/d");
  message("msg_1", "ses_1", "no json");
  message("msg_2", "ses_1", kUser);
  part("prt_1", "msg_2", "{");
  part("prt_2", "msg_2", "[" + std::string(3000000, '1') + "]");
  part("prt_3", "msg_2", text(std::string(17000000, 'x')));
  part("prt_4", "msg_2", text(std::string(200000, 'y')));
  const Shown shown = tell(reader_, path_);
  ASSERT_EQ(shown.size(), 2u);
  EXPECT_THAT(shown[1], EndsWith("y [cut]\""));
  EXPECT_EQ(reader_.counts().broken, 2u);
  EXPECT_EQ(reader_.counts().too_long, 2u);
}

TEST_F(OpenCode, AnotherSchemaIsCorruptAndAStopEndsTheReading) {
  session("ses_1", "/d");
  message("msg_1", "ses_1", kUser);
  const std::atomic<bool> stopping = true;
  const auto stopped = reader_.read(
      path_, [](const Record&) {}, stopping);
  EXPECT_EQ(stopped.error().code, base::Errc::cancelled);
  ASSERT_TRUE(db_.execute("DROP TABLE part"));
  EXPECT_THAT(tell(reader_, path_), ElementsAre("failed: 6"));
  EXPECT_THAT(tell(reader_, folder_ / "none.db"), ElementsAre("failed: 1"));
}

TEST_F(OpenCode, TheOlderStorageTellsTheSame) {
  const auto write = [this](const std::string& name, const std::string& text) {
    const std::string path = folder_ / name;
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << text;
    return path;
  };
  const std::string path = write(
      "storage/session/pr/ses_1.json",
      R"({"id":"ses_1","directory":"/w","parentID":"ses_0","time":{"created":1768032000000}})");
  write("storage/message/ses_1/msg_2.json", kAssistant);
  write("storage/message/ses_1/msg_1.json", kUser);
  write("storage/message/ses_1/msg_3.json", "{");
  write("storage/part/msg_1/prt_1.json", text("list it"));
  write("storage/part/msg_2/prt_2.json", kRan);
  OpenCodeSessionReader reader;
  EXPECT_THAT(tell(reader, path),
              ElementsAre(StartsWith("session_start id=ses_1 session=ses_1 parent=ses_0"),
                          HasSubstr("text=\"list it\""), StartsWith("command id=prt_2"),
                          StartsWith("response id=msg_2")));
  EXPECT_EQ(reader.counts().broken, 1u);
  EXPECT_THAT(tell(reader, write("storage/session/pr/x.json", "[")), ElementsAre("failed: 6"));
  EXPECT_THAT(tell(reader, write("storage/session/pr/y.json", R"({"id":"../../x"})")),
              ElementsAre(StartsWith("session_start")));
}

}  // namespace
}  // namespace agents
