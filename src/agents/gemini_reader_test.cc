#include "gemini_reader.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "base/sha256.h"
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

class GeminiChat : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    const std::string path = folder_ / name;
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << text;
    return path;
  }
  Shown log(const std::string& text) {
    GeminiChatLogReader reader;
    Shown shown =
        tell(reader, write("tmp/shop/chats/session-2026-01-10T08-00-ab12cd34.jsonl", text));
    counts_ = reader.counts();
    return shown;
  }
  static std::string message(const std::string& id, const std::string& type,
                             const std::string& more) {
    return R"({"id":")" + id + R"(","timestamp":"2026-01-10T08:00:01.000Z","type":")" + type +
           "\"," + more + "}\n";
  }

  const std::string head_ =
      R"({"sessionId":"5e55","projectHash":"h","startTime":"2026-01-10T08:00:00.000Z","kind":"main","directories":["/w/first"]})"
      "\n";
  support::TemporaryFolder folder_;
  ReadCounts counts_;
};

TEST_F(GeminiChat, AConversationIsToldWithItsToolsAndTokens) {
  write("projects.json", R"({"projects":{"/w/shop":"shop"}})");
  EXPECT_THAT(
      log(head_ + message("m1", "user", R"("content":[{"text":"fix it"}])") +
          message(
              "m2", "gemini",
              R"("content":"Done.","model":"g-pro","thoughts":[{"subject":"s"}],)"
              R"("tokens":{"input":100,"output":7,"cached":60,"thoughts":5,"tool":2,"total":114},)"
              R"("toolCalls":[{"id":"t1","name":"read_file","args":{"file_path":"/w/a"},)"
              R"("result":[{"functionResponse":{"response":{"output":"text"}}}],"status":"success"},)"
              R"({"id":"t2","name":"run_shell_command","args":{"command":"x"},"status":"error"},)"
              R"({"id":"t3","name":"glob","args":{},"status":"executing"}])") +
          message("m3", "error", R"("content":"quota")") +
          message("m4", "info", R"("content":"hello")")),
      ElementsAre(
          "session_start id=session session=5e55 at=2026-01-10T08:00:00.000Z cwd=/w/shop",
          "prompt id=m1 session=5e55 at=2026-01-10T08:00:01.000Z cwd=/w/shop text=\"fix it\"",
          "response id=m2 session=5e55 at=2026-01-10T08:00:01.000Z model=g-pro cwd=/w/shop"
          " text=\"Done.\" usage=102/12 cached=60 reasoning=5 inclusive",
          AllOf(StartsWith("file_read id=t1 "),
                EndsWith(" tool=read_file call=t1 input={\"file_path\":\"/w/a\"}"
                         " output=\"text\" file=/w/a")),
          AllOf(StartsWith("command id=t2 "), EndsWith(" input={\"command\":\"x\"} error")),
          AllOf(StartsWith("failure id=m3 "), EndsWith(" text=\"quota\" error"))));
}

TEST_F(GeminiChat, AMessageThatStandsAgainReplacesTheEarlierOne) {
  EXPECT_THAT(log(head_ + message("m1", "user", R"("content":"a")") +
                  message("m2", "gemini", R"("content":"half")") +
                  message("m1", "user", R"("content":"b")") +
                  message("m2", "gemini", R"("content":"whole","tokens":{"input":1,"output":1})")),
              ElementsAre(StartsWith("session_start"), HasSubstr("text=\"b\""),
                          HasSubstr("text=\"whole\"")));
}

TEST_F(GeminiChat, ARewindDropsAMessageAndAllBehindIt) {
  EXPECT_THAT(
      log(head_ + message("m1", "user", R"("content":"a")") +
          message("m2", "user", R"("content":"b")") + message("m3", "user", R"("content":"c")") +
          "{\"$rewindTo\":\"m2\"}\n" + message("m4", "user", R"("content":"d")") +
          message("m3", "user", R"("content":"e")")),
      ElementsAre(StartsWith("session_start"), HasSubstr("id=m1"), HasSubstr("id=m4"),
                  AllOf(HasSubstr("id=m3"), HasSubstr("text=\"e\""))));
}

TEST_F(GeminiChat, AnAnswerThatMayStillGrowIsLeftForLater) {
  const std::string open = head_ + message("m1", "gemini", R"("content":"so far")");
  EXPECT_THAT(log(open), ElementsAre(StartsWith("session_start")));
  EXPECT_EQ(log(open + message("m2", "user", R"("content":"next")")).size(), 3u);
}

TEST_F(GeminiChat, TheProjectIsFoundByTheHashOfItsRoot) {
  write("projects.json", R"({"projects":{"/w/other":"other","/w/shop":"shop"}})");
  const std::string hash = base::sha256_hex("/w/shop");
  EXPECT_EQ(gemini_project_of(folder_ / ("tmp/" + hash + "/chats/x.jsonl")), "/w/shop");
  EXPECT_EQ(gemini_project_of(folder_ / ("tmp/" + hash + "/chats/parent/x.jsonl")), "/w/shop");
  EXPECT_EQ(gemini_project_of(folder_ / "tmp/unknown/chats/x.jsonl"), "");
  EXPECT_EQ(gemini_project_of("x.jsonl"), "");
}

TEST_F(GeminiChat, WithoutAProjectItIsTheFirstFolderThatTheChatNames) {
  EXPECT_THAT(log(head_), ElementsAre(EndsWith(" cwd=/w/first")));
}

TEST_F(GeminiChat, ASubagentsChatHasAParent) {
  GeminiChatLogReader reader;
  EXPECT_THAT(
      tell(reader, write("tmp/p/chats/5e55/77.jsonl", message("m1", "user", R"("content":"a")"))),
      ElementsAre(HasSubstr(" session=77 parent=5e55 ")));
}

TEST_F(GeminiChat, BrokenLinesAreCountedAndTheRestIsRead) {
  EXPECT_THAT(log("x\n[]\n{}\n{\"id\":\"\",\"type\":\"user\"}\n" +
                  message("m1", "user", R"("content":"a")") + R"({"id":"m2","ty)"),
              ElementsAre(HasSubstr("id=m1")));
  EXPECT_EQ(counts_.lines, 5u);
  EXPECT_EQ(counts_.broken, 1u);  // the last one is still being written
}

TEST_F(GeminiChat, TheOlderDocumentTellsTheSame) {
  GeminiChatReader reader;
  const std::string path = write(
      "tmp/p/chats/session-x.json",
      R"({"messages":[{"id":"m1","type":"user","content":"a","timestamp":"2026-01-10T08:00:01Z"},)"
      R"({"id":"m2","type":"gemini","content":"b"},{"id":"m3","type":"gemini","content":"c"}],)"
      R"("sessionId":"5e55","startTime":"2026-01-10T08:00:00Z"})");
  EXPECT_THAT(tell(reader, path), ElementsAre(StartsWith("session_start id=session session=5e55"),
                                              HasSubstr("id=m1 session=5e55"), HasSubstr("id=m2")));
  EXPECT_THAT(tell(reader, write("y.json", "{\"messages\":[{")), ElementsAre("failed: 6"));
  EXPECT_THAT(tell(reader, folder_ / "none.json"), ElementsAre("failed: 1"));
}

TEST_F(GeminiChat, AStopEndsTheReading) {
  GeminiChatLogReader reader;
  const std::atomic<bool> stopping = true;
  const auto read = reader.read(
      write("x.jsonl", head_), [](const Record&) {}, stopping);
  EXPECT_EQ(read.error().code, base::Errc::cancelled);
}

}  // namespace
}  // namespace agents
