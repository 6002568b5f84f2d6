#include "generic_reader.h"

#include <gmock/gmock.h>

#include "conversation_test_support.h"

namespace agents {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

Shown generic(std::string_view text, const FieldNames& fields = {}, ReadCounts* counts = nullptr) {
  return tell([&fields] { return std::make_unique<GenericReader>("/logs/run-7.jsonl", fields); },
              text, counts);
}

TEST(GenericLog, ALineIsWhatItsTypeSays) {
  EXPECT_THAT(
      generic(
          R"({"ts":1768032000,"event":"llm_request","thread_id":"t","prompt":"why?","model":"m","id":"e1","user":"ana"})"
          "\n"
          R"({"time":"2026-01-10T08:00:01Z","type":"error_encountered","message":"no net"})"
          "\n"),
      ElementsAre("prompt id=e1/llm_request session=t at=2026-01-10T08:00:00.000Z model=m"
                  " text=\"why?\" data.user=\"ana\"",
                  AllOf(StartsWith("failure id="),
                        EndsWith(" session=run-7 at=2026-01-10T08:00:01.000Z text=\"no net\""))));
}

TEST(GenericLog, WithoutATypeItIsWhatItHas) {
  EXPECT_THAT(
      generic(
          R"({"completion":"so","usage":{"prompt_tokens":4,"completion_tokens":2,"total_tokens":6}})"
          "\n"
          R"({"name":"grep","args":{"q":"a"},"result":"two"})"
          "\n"
          R"({"name":"ana","text":"hello"})"
          "\n"
          R"({"file":"/w/a","action":"read"})"
          "\n"),
      ElementsAre(EndsWith(" text=\"so\" usage=4/2 tokens=6"),
                  EndsWith(" tool=grep input={\"q\":\"a\"} output=\"two\""),
                  AllOf(StartsWith("interaction"), EndsWith(" text=\"hello\" data.name=\"ana\"")),
                  AllOf(StartsWith("file_read"), EndsWith(" file=/w/a data.action=\"read\""))));
}

TEST(GenericLog, ATypeThatIsNotKnownStaysAMember) {
  EXPECT_THAT(generic(R"({"type":"tick","content":[{"text":"a"},{"text":"b"}]})"),
              ElementsAre(EndsWith(" text=\"a\\nb\" data.type=\"tick\"")));
}

TEST(GenericLog, NamesOfFieldsCanBeGiven) {
  const FieldNames fields{
      {"timestamp", {"meta.when"}}, {"prompt", {"q.text", "q"}}, {"sessionId", {"meta.run"}}};
  EXPECT_THAT(
      generic(R"({"q":{"text":"why?"},"meta":{"when":1768032000,"run":"r"},"prompt":"x"})", fields),
      ElementsAre(EndsWith(" session=r at=2026-01-10T08:00:00.000Z text=\"why?\""
                           " data.prompt=\"x\"")));
  EXPECT_THAT(generic(R"({"q":"why?"})", fields), ElementsAre(HasSubstr(" text=\"why?\"")));
}

TEST(GenericLog, ANameWithDotsMayBeTheMembersOwn) {
  EXPECT_THAT(generic(R"({"q.text":"why?"})", {{"prompt", {"q.text"}}}),
              ElementsAre(EndsWith(" text=\"why?\"")));
}

TEST(GenericLog, WhatCannotBeDecodedIsSkippedAndCounted) {
  ReadCounts counts;
  EXPECT_THAT(generic("not json\n[1]\n7\n{\"prompt\":", {}, &counts), IsEmpty());
  EXPECT_EQ(counts.broken, 2u);
}

}  // namespace
}  // namespace agents
