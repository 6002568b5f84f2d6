#include "cursor_transcript_reader.h"

#include <gmock/gmock.h>

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

constexpr std::string_view kPath = "/h/.cursor/projects/w/agent-transcripts/5e/5e.jsonl";

Shown transcript(std::string_view text, std::string_view path = kPath) {
  return tell([path] { return std::make_unique<CursorTranscriptReader>(std::string(path)); }, text);
}

TEST(CursorTranscript, WhatWasSaidAndDoneComesInOrder) {
  EXPECT_THAT(
      transcript(
          R"({"role":"user","message":{"content":[{"type":"text","text":"<user_query>\nfix it\n</user_query>"}]}})"
          "\n"
          R"({"role":"assistant","message":{"content":[{"type":"text","text":"Looking."},{"type":"tool_use","name":"Read","input":{"path":"/w/a.cc"}}]}})"
          "\n"
          R"({"role":"assistant","message":{"content":"Done."}})"
          "\n"),
      ElementsAre(AllOf(StartsWith("prompt id=0:"), EndsWith(" session=5e text=\"fix it\"")),
                  EndsWith(" session=5e text=\"Looking.\""),
                  AllOf(StartsWith("file_read id="), HasSubstr("#1 session=5e tool=Read"),
                        EndsWith(" input={\"path\":\"/w/a.cc\"} file=/w/a.cc")),
                  EndsWith(" text=\"Done.\"")));
}

TEST(CursorTranscript, ACallWaitsForItsResult) {
  EXPECT_THAT(
      transcript(
          R"({"role":"assistant","message":{"content":[{"type":"tool_use","id":"c1","name":"Shell","input":{"command":"ls"}},{"type":"tool_use","id":"c2","name":"Grep","input":{}}]}})"
          "\n"
          R"({"role":"user","message":{"content":[{"type":"tool_result","tool_use_id":"c2","content":"none","is_error":true}]}})"
          "\n"
          R"({"role":"user","message":{"content":"and now?"}})"
          "\n"
          R"({"role":"user","message":{"content":[{"type":"tool_result","tool_use_id":"c1","content":"late"}]}})"
          "\n"),
      ElementsAre(
          AllOf(StartsWith("tool_call"), EndsWith(" call=c2 input={} output=\"none\" error")),
          AllOf(StartsWith("command"), EndsWith(" call=c1 input={\"command\":\"ls\"}")),
          StartsWith("prompt")));
}

TEST(CursorTranscript, CallsThatWaitAreBounded) {
  std::string text;
  for (int i = 0; i < 20; ++i)
    text += R"({"role":"assistant","message":{"content":[{"type":"tool_use","id":"c)" +
            std::to_string(i) + R"(","name":"Write","input":{"contents":")" +
            std::string(20000, 'x') + "\"}}]}}\n";
  EXPECT_EQ(transcript(text).size(), 20u);
}

TEST(CursorTranscript, ManySmallCallsThatWaitAreBoundedToo) {
  std::string text;
  for (int line = 0; line < 3; ++line) {
    text += R"({"role":"assistant","message":{"content":[)";
    for (int i = 0; i < 1500; ++i)
      text += R"({"type":"tool_use","id":"\u0001)" + std::string(100, 'i') + "\"},";
    text += "{}]}}\n";
  }
  EXPECT_EQ(transcript(text).size(), 4500u);
}

TEST(CursorTranscript, ALongCallIdFindsItsResultWhereReadingBeginsAnew) {
  for (const std::size_t before : {253, 254, 255, 256}) {
    const std::string id = std::string(before, 'c') + "\xE8\xA9\xA6\xE9\xA8\x93";
    const Shown shown =
        transcript(R"({"role":"assistant","message":{"content":[{"type":"tool_use","id":")" + id +
                   R"(","name":"Read"}]}})"
                   "\n"
                   R"({"role":"user","message":{"content":[{"type":"tool_result","tool_use_id":")" +
                   id +
                   R"(","content":"x"}]}})"
                   "\n");
    EXPECT_THAT(shown, ElementsAre(EndsWith(" output=\"x\""))) << before;
  }
}

TEST(CursorTranscript, ASubagentHasAParent) {
  EXPECT_THAT(transcript(R"({"role":"user","message":{"content":"hi"}})",
                         "/p/agent-transcripts/5e/subagents/77.jsonl"),
              ElementsAre(HasSubstr(" session=77 parent=5e ")));
}

TEST(CursorTranscript, OtherLinesSayNothing) {
  EXPECT_THAT(transcript("{}\n[]\n{\"role\":\"system\",\"message\":{\"content\":\"x\"}}\n"
                         "{\"role\":\"user\",\"message\":7}\nnot json\n"),
              IsEmpty());
}

TEST(CursorTranscript, AStateOfAnotherKindIsRefused) {
  CursorTranscriptReader reader{std::string(kPath)};
  EXPECT_FALSE(reader.restore("{}"));
  EXPECT_FALSE(reader.restore("[{}]"));
  EXPECT_FALSE(reader.restore("x"));
  EXPECT_TRUE(reader.restore(""));
}

TEST(CursorText, BlocksAreHeadedByWhoSpeaks) {
  const support::TemporaryFolder folder;
  const std::string path = folder / "5e.txt";
  std::ofstream(path) << "user:\n<user_query>\nfix it\n</user_query>\n\nassistant:\n[Thinking]hm\n"
                         "more\nassistant:\nFirst.\n\nSecond.\n[Tool call] Read\n  path: a.cc\n"
                         "[Tool result] Read\nx\nassistant:\n{\"a\":1}\n";
  CursorTextReader reader;
  EXPECT_THAT(tell(reader, path), ElementsAre("prompt id=block:0 session=5e text=\"fix it\"",
                                              EndsWith(" text=\"First.\\n\\nSecond.\""),
                                              AllOf(StartsWith("file_read"),
                                                    EndsWith(" tool=Read input=\"path: a.cc\"")),
                                              EndsWith(" text=\"{\\\"a\\\":1}\"")));
  EXPECT_THAT(tell(reader, folder / "none.txt"), ElementsAre("failed: 1"));
}

}  // namespace
}  // namespace agents
