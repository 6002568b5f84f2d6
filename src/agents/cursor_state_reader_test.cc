#include "cursor_state_reader.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "conversation_test_support.h"
#include "test_executor.h"

namespace agents {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
namespace fs = std::filesystem;

class CursorState : public testing::Test {
 protected:
  /// A database of Cursor's, with journal as it makes them.
  store::Database database(const std::string& name, const std::string& tables) {
    auto db = *store::Database::open(folder_ / name, store::Access::read_write);
    EXPECT_TRUE(db.execute("PRAGMA journal_mode=DELETE; " + tables));
    return db;
  }
  void put(const std::string& key, const std::string& value) {
    ASSERT_TRUE(db_.run("INSERT INTO cursorDiskKV VALUES(?1, ?2)", key, value));
  }
  void chat(const std::string& id, const std::string& updated, const std::string& bubbles,
            const std::string& more = "") {
    put("composerData:" + id, R"({"createdAt":1768032000000,"lastUpdatedAt":)" + updated +
                                  R"(,"fullConversationHeadersOnly":[)" + bubbles + "]" + more +
                                  "}");
  }
  Shown read() { return tell(reader_, path_); }

  support::TemporaryFolder folder_;
  const std::string path_ = folder_ / "User/globalStorage/state.vscdb";
  store::Database db_ = database("User/globalStorage/state.vscdb",
                                 "CREATE TABLE cursorDiskKV(key TEXT UNIQUE ON CONFLICT REPLACE,"
                                 " value BLOB)");
  CursorStateReader reader_;
};

TEST_F(CursorState, AChatIsToldInTheOrderOfItsHeaders) {
  chat("c1", "1768032009000",
       R"({"bubbleId":"b2","type":1},{"bubbleId":"b1","type":2},{"bubbleId":"b3"})",
       R"(,"status":"completed","modelConfig":{"modelName":"m"},"createdOnBranch":"main")");
  put("bubbleId:c1:b2",
      R"({"type":1,"text":"fix it","createdAt":"2026-01-10T08:00:01.000Z","workspaceUris":["file:///w/a%20b"]})");
  put("bubbleId:c1:b1",
      R"({"type":2,"text":"Done.","modelInfo":{"modelName":"n"},"tokenCount":{"inputTokens":9,"outputTokens":2}})");
  put("bubbleId:c1:b3",
      R"({"type":2,"text":"","toolFormerData":{"toolCallId":"t","name":"read_file","rawArgs":"{\"target_file\":\"/w/a\"}","result":"plain","status":"completed"}})");
  EXPECT_THAT(
      read(),
      ElementsAre(
          "session_start id=composer session=c1 at=2026-01-10T08:00:00.000Z model=m branch=main",
          "prompt id=b2 session=c1 at=2026-01-10T08:00:01.000Z model=m cwd=/w/a b branch=main"
          " text=\"fix it\"",
          "response id=b1 session=c1 at=2026-01-10T08:00:01.000Z model=n cwd=/w/a b branch=main"
          " text=\"Done.\" usage=9/2",
          AllOf(StartsWith("file_read id=b3#tool session=c1"),
                EndsWith(" tool=read_file call=t input={\"target_file\":\"/w/a\"}"
                         " output=\"plain\" file=/w/a"))));
}

TEST_F(CursorState, WhatIsNotCompleteIsLeftForLater) {
  chat("c1", "1768032009000", R"({"bubbleId":"b1"},{"bubbleId":"b2"},{"bubbleId":"b3"})",
       R"(,"status":"generating")");
  put("bubbleId:c1:b1", R"({"type":2,"text":"First"})");
  put("bubbleId:c1:b2", R"({"type":2,"toolFormerData":{"name":"grep","status":"loading"}})");
  put("bubbleId:c1:b3", R"({"type":2,"text":"so f"})");
  EXPECT_THAT(read(), ElementsAre(StartsWith("session_start"), StartsWith("response id=b1")));
}

TEST_F(CursorState, OnlyChatsThatChangedAreReadAgain) {
  const std::string bubble = R"({"type":1,"text":"hi"})";
  chat("old", "1768032000000", R"({"bubbleId":"b"})");
  chat("new", "1768042000000", R"({"bubbleId":"b"})");
  put("bubbleId:old:b", bubble);
  put("bubbleId:new:b", bubble);
  EXPECT_EQ(read().size(), 4u);
  CursorStateReader next;
  ASSERT_TRUE(next.restore(reader_.save()));
  EXPECT_THAT(tell(next, path_), Not(Contains(HasSubstr("session=old"))));
  chat("old", "1768043000000", R"({"bubbleId":"b"})");
  EXPECT_THAT(tell(next, path_), Contains(HasSubstr("session=old")));
  for (const std::string state : {"x", "{}", "-1", "1e300"}) EXPECT_FALSE(next.restore(state));
  EXPECT_TRUE(next.restore(""));
}

TEST_F(CursorState, OlderChatsHoldTheirMessagesThemselves) {
  put("composerData:c",
      R"({"createdAt":1768032000000,"conversation":[)"
      R"({"bubbleId":"b1","type":1,"text":"hi"},{"bubbleId":"b2","type":2,"text":"ho"}]})");
  EXPECT_THAT(read(), ElementsAre(StartsWith("session_start"), StartsWith("prompt id=b1"),
                                  StartsWith("response id=b2")));
}

TEST_F(CursorState, AnEmptyChatIsNoSession) {
  chat("c", "1", "");
  EXPECT_THAT(read(), IsEmpty());
}

TEST_F(CursorState, TheFolderIsThatOfTheWindowThatListsTheChat) {
  chat("c", "1768032000000", R"({"bubbleId":"b"})");
  put("bubbleId:c:b", R"({"type":1,"text":"hi"})");
  auto window = database("User/workspaceStorage/h1/state.vscdb",
                         "CREATE TABLE ItemTable(key TEXT UNIQUE, value BLOB)");
  ASSERT_TRUE(window.run("INSERT INTO ItemTable VALUES('composer.composerData', ?1)",
                         R"({"allComposers":[{"composerId":"x"},{"composerId":"c"}]})"));
  std::ofstream(folder_ / "User/workspaceStorage/h1/workspace.json")
      << R"({"folder":"file:///w/one"})";
  EXPECT_THAT(read(), Contains(HasSubstr(" cwd=/w/one")));

  fs::create_directories(folder_ / "User/workspaceStorage/h2");
  std::ofstream(folder_ / "User/workspaceStorage/h2/workspace.json")
      << R"({"workspace":"file:///w/two/all.code-workspace"})";
  ASSERT_TRUE(
      db_.execute("CREATE TABLE composerHeaders(composerId, workspaceId);"
                  "INSERT INTO composerHeaders VALUES('c', 'h2')"));
  EXPECT_THAT(read(), Contains(HasSubstr(" cwd=/w/two")));
  ASSERT_TRUE(db_.execute("UPDATE composerHeaders SET workspaceId = '../h2'"));
  EXPECT_THAT(read(), Contains(HasSubstr(" cwd=/w/one")));
}

TEST_F(CursorState, BrokenAndHugeValuesAreCountedAndTheRestIsRead) {
  put("composerData:a", "no json");
  put("composerData:b", std::string(17000000, ' '));
  put("composerData:d", "[]");
  chat("c", "1768032000000",
       R"({"bubbleId":"b1"},{"bubbleId":"gone"},{"bubbleId":"b2"},{"bubbleId":"b3"})");
  put("bubbleId:c:b1", "{");
  put("bubbleId:c:b2", R"({"type":1,"text":")" + std::string(200000, 'x') + "\"}");
  put("bubbleId:c:b3", std::string(17000000, '1'));
  const Shown shown = read();
  ASSERT_EQ(shown.size(), 2u);
  EXPECT_THAT(shown[1], EndsWith("x [cut]\""));
  EXPECT_EQ(reader_.counts().broken, 3u);
  EXPECT_EQ(reader_.counts().too_long, 2u);
}

TEST_F(CursorState, AWriteMeanwhileIsNoticedAndTheChatReadAgain) {
  chat("c", "1768032000000", R"({"bubbleId":"b1"},{"bubbleId":"b2"})");
  put("bubbleId:c:b1", R"({"type":1,"text":"hi"})");
  put("bubbleId:c:b2", R"({"type":2,"text":"before"})");
  Shown shown;
  const std::atomic<bool> stopping = false;
  bool has_written = false;
  const auto sink = [&](const Record& record) {
    shown.push_back(show(record));
    if (!std::exchange(has_written, true)) put("bubbleId:c:b2", R"({"type":2,"text":"after"})");
  };
  ASSERT_TRUE(reader_.read(path_, sink, stopping));
  EXPECT_THAT(shown, Contains(HasSubstr("text=\"after\"")));
  EXPECT_THAT(shown, Not(Contains(HasSubstr("text=\"before\""))));

  const auto restless = [&](const Record&) { put("other", "x"); };
  const auto read = reader_.read(path_, restless, stopping);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, base::Errc::unavailable);
}

TEST_F(CursorState, ErrorsTellWhatIsWrong) {
  CursorStateReader reader;
  EXPECT_THAT(tell(reader, folder_ / "none"), ElementsAre("failed: 1"));
  ASSERT_TRUE(db_.execute("DROP TABLE cursorDiskKV"));
  EXPECT_THAT(read(), ElementsAre("failed: 6"));
}

TEST_F(CursorState, ChatsOfAWindowFromBeforeAreTold) {
  const std::string name = "User/workspaceStorage/h1/state.vscdb";
  auto window = database(name, "CREATE TABLE ItemTable(key TEXT UNIQUE, value BLOB)");
  CursorWorkspaceReader reader;
  EXPECT_THAT(tell(reader, folder_ / name), IsEmpty());
  ASSERT_TRUE(window.run(
      "INSERT INTO ItemTable VALUES('workbench.panel.aichat.view.aichat.chatdata', ?1)",
      R"({"tabs":[{"tabId":"t1","lastSendTime":1768032000000,"bubbles":[{"type":"user","id":"u1","text":"hi"},)"
      R"({"type":"ai","rawText":"ho","modelType":"m"},{"type":"x"}]},7]})"));
  EXPECT_THAT(tell(reader, folder_ / name),
              ElementsAre("prompt id=u1 session=t1 at=2026-01-10T08:00:00.000Z text=\"hi\"",
                          "response id=bubble:1 session=t1 at=2026-01-10T08:00:00.000Z model=m"
                          " text=\"ho\""));
}

TEST_F(CursorState, OfAChatOnTheCommandLineItsBeginIsKnown) {
  auto chat =
      database("chats/h/5e55/store.db", "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT)");
  CursorChatReader reader;
  EXPECT_THAT(tell(reader, folder_ / "chats/h/5e55/store.db"), ElementsAre("failed: 6"));
  std::string hex;
  for (const char c : std::string(
           R"({"agentId":"a1","name":"Fix","createdAt":1768032000000,"lastUsedModel":"m"})")) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[c & 15];
  }
  ASSERT_TRUE(chat.run("INSERT INTO meta VALUES('0', ?1)", hex));
  EXPECT_THAT(tell(reader, folder_ / "chats/h/5e55/store.db"),
              ElementsAre("session_start id=chat session=a1 at=2026-01-10T08:00:00.000Z model=m"
                          " data.name=\"Fix\""));
}

}  // namespace
}  // namespace agents
