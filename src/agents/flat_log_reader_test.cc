#include "flat_log_reader.h"

#include <gmock/gmock.h>

#include "conversation_test_support.h"

namespace agents {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

Shown claude(std::string_view text, ReadCounts* counts = nullptr) {
  return tell([] { return std::make_unique<FlatLogReader>(kClaudeDialect); }, text, counts);
}
Shown cursor(std::string_view text, ReadCounts* counts = nullptr) {
  return tell([] { return std::make_unique<FlatLogReader>(kCursorDialect); }, text, counts);
}

TEST(ClaudeLog, EachLineIsWhatItsTypeItsMembersOrItsMessageSay) {
  const Shown shown = claude(
      R"({"timestamp":"2026-01-10T08:00:00Z","type":"prompt","conversation_id":"c","model":"m","prompt":"why?","prompt_tokens":2})"
      "\n"
      R"({"timestamp":1768032001,"level":"info","message":"Model response received","response":"so","response_tokens":3,"tokens_used":5,"conversation_id":"c"})"
      "\n"
      R"({"timestamp":"2026-01-10T08:00:02.5Z","tool_name":"find","tool_input":{"q":"a"},"tool_output":["x"],"conversation_id":"c"})"
      "\n"
      R"({"timestamp":"2026-01-10T08:00:03Z","file_path":"/w/b.c","action":"write"})"
      "\n"
      R"({"timestamp":"2026-01-10T08:00:04Z","level":"debug","message":"Warming up"})"
      "\n");
  EXPECT_THAT(
      shown,
      ElementsAre(
          AllOf(StartsWith("prompt id=0:"),
                EndsWith(" session=c at=2026-01-10T08:00:00.000Z text=\"why?\" usage=2/0"
                         " data.message=\"\" data.conversationId=\"c\" context.model=\"m\"")),
          AllOf(StartsWith("response id="),
                EndsWith(" session=c at=2026-01-10T08:00:01.000Z text=\"so\" usage=0/3 tokens=5"
                         " data.message=\"Model response received\" data.conversationId=\"c\""
                         " context.logLevel=\"info\"")),
          AllOf(StartsWith("tool_call id="),
                EndsWith(" at=2026-01-10T08:00:02.500Z data.message=\"\" data.toolName=\"find\""
                         " data.toolInput={\"q\":\"a\"} data.toolOutput=[\"x\"]"
                         " data.conversationId=\"c\"")),
          AllOf(StartsWith("file_write id="),
                EndsWith(" at=2026-01-10T08:00:03.000Z data.message=\"\" data.filePath=\"/w/b.c\""
                         " data.action=\"write\""))));
}

TEST(ClaudeLog, TheFirstRowOfTheTableThatFitsHolds) {
  const auto kind = [](const std::string& members) {
    const Shown shown = claude("{" + members + "}");
    return shown.empty() ? std::string() : shown[0].substr(0, shown[0].find(' '));
  };
  EXPECT_EQ(kind(R"("type":"llm_request","response":"r")"), "prompt");
  EXPECT_EQ(kind(R"("type":"completion","prompt":"p")"), "response");
  EXPECT_EQ(kind(R"("type":"tool_call","prompt":"p")"), "tool_call");
  EXPECT_EQ(kind(R"("type":"file_read","prompt":"p")"), "file_read");
  EXPECT_EQ(kind(R"("type":"file_modify","prompt":"p")"), "file_write");
  EXPECT_EQ(kind(R"("type":"completion_request")"), "");
  EXPECT_EQ(kind(R"("message":"REQUEST and response")"), "prompt");
  EXPECT_EQ(kind(R"("message":"a Completion","tool_name":"t")"), "response");
  EXPECT_EQ(kind(R"("message":"a tool","file_path":"f","action":"read")"), "tool_call");
  EXPECT_EQ(kind(R"("file_path":"f","message":"Reading")"), "file_read");
  EXPECT_EQ(kind(R"("file_path":"f","message":"to modify")"), "file_write");
  EXPECT_EQ(kind(R"("file_path":"f")"), "");
  EXPECT_EQ(kind(R"("message":"read")"), "");
}

TEST(ClaudeLog, MetadataGoesBeforeWhatTheLineSays) {
  EXPECT_THAT(claude(R"({"prompt":"p","model":"m","metadata":{"model":"other","n":[1]}})"),
              ElementsAre(EndsWith(" context.model=\"other\" context.n=[1]")));
}

TEST(ClaudeLog, AFieldOfTheWrongTypeMakesTheLineSayNothing) {
  ReadCounts counts;
  EXPECT_THAT(claude("{\"prompt\":\"p\",\"message\":{\"role\":\"user\"}}\n"
                     "{\"prompt\":\"p\",\"tokens_used\":1.0}\n"
                     "{\"prompt\":\"p\",\"prompt_tokens\":1e2}\n"
                     "{\"prompt\":\"p\",\"metadata\":[]}\n"
                     "no JSON with a prompt\n",
                     &counts),
              IsEmpty());
  EXPECT_EQ(counts.broken, 1u);
  EXPECT_EQ(claude(R"({"prompt":"p","message":null,"unknown":{"a":1}})").size(), 1u);
}

TEST(ClaudeLog, D28_AnEpochIsScaledByItsSize) {
  for (const std::string epoch :
       {"1730372400", "1730372400000", "1730372400000000", "1730372400000000000"})
    EXPECT_THAT(claude("{\"prompt\":\"p\",\"timestamp\":" + epoch + "}"),
                ElementsAre(HasSubstr(" at=2024-10-31T11:00:00.000Z")))
        << epoch;
  for (const std::string none : {"-5", "0", "1e300", "\"invalid\"", "true", "\"\""})
    EXPECT_THAT(claude("{\"prompt\":\"p\",\"timestamp\":" + none + "}"),
                ElementsAre(Not(HasSubstr(" at="))))
        << none;
}

TEST(CursorLog, EachLineIsWhatItSays) {
  const Shown shown = cursor(
      R"({"timestamp":"2026-01-10 08:00:00","type":"completion_request","session_id":"s","prompt":"why?","prompt_tokens":2})"
      "\n"
      R"({"type":"completion","conversation_id":"k","response":"so","completion_tokens":3})"
      "\n"
      R"({"tool":"search","tool_args":{"q":"x"}})"
      "\n[2026-01-10 08:00:02] INFO Cursor AI completion requested\n"
      "[2026-01-10 08:00:03] DEBUG System startup\n");
  EXPECT_THAT(
      shown,
      ElementsAre(AllOf(StartsWith("prompt id=0:"),
                        EndsWith(" session=s at=2026-01-10T08:00:00.000Z text=\"why?\" usage=2/0")),
                  EndsWith(" session=k text=\"so\" usage=0/3"),
                  EndsWith(" data.toolName=\"search\" data.toolArgs={\"q\":\"x\"}"),
                  AllOf(StartsWith("interaction id="), Not(HasSubstr("session=")),
                        EndsWith(" data.rawLog=\"[2026-01-10 08:00:02] INFO Cursor AI completion"
                                 " requested\""))));
}

TEST(CursorLog, ModifyingIsNoWriteAndAFileHasAnOperation) {
  EXPECT_THAT(cursor(R"({"file":"f","message":"to modify"})"), IsEmpty());
  EXPECT_THAT(cursor(R"({"file":"f","operation":"read"})"),
              ElementsAre(EndsWith(" data.filePath=\"f\" data.operation=\"read\"")));
}

TEST(CursorLog, D34_AWordThatHoldsAiIsNoInteraction) {
  EXPECT_THAT(cursor("main loop entered\nsent an email\nretrying: again and again\n"), IsEmpty());
  for (const std::string line : {"AI ready", "[ai] ready", "the ai"})
    EXPECT_EQ(cursor(line + "\n").size(), 1u) << line;
}

TEST(CursorLog, D34_JsonWithAFieldOfTheWrongTypeIsNoText) {
  EXPECT_THAT(cursor("{\"message\":{\"a\":\"ai prompt\"}}\n"), IsEmpty());
  EXPECT_EQ(cursor("\"an ai prompt\"\n").size(), 1u);
  EXPECT_EQ(cursor("{\"broken prompt\n").size(), 1u);
}

TEST(CursorLog, ALineThatIsNotCompleteIsNoTextYet) {
  ReadCounts counts;
  EXPECT_THAT(cursor("the ai", &counts).size(), 0u);
  EXPECT_EQ(counts.broken, 1u);
}

TEST(CursorLog, ALineOfTextIsMadeUtf8AndCut) {
  EXPECT_THAT(cursor("ai \xFF\n"), ElementsAre(HasSubstr("ai \xEF\xBF\xBD")));
  EXPECT_THAT(cursor("ai " + std::string(100000, 'x') + "\n"), ElementsAre(HasSubstr("x [cut]\"")));
}

}  // namespace
}  // namespace agents
