#include "copilot_completions_reader.h"

#include "told_test_support.h"

namespace agents {
namespace {

using Kind = Record::Kind;
using Fields = std::map<std::string, std::string>;

std::unique_ptr<LogReader> make() {
  return std::make_unique<CopilotCompletionsReader>("/l/copilot.log");
}
std::vector<ToldRecord> read(const std::string& log) {
  return tell_log([] { return make(); }, log);
}

TEST(CopilotCompletionsTest, ALineWithACompletionIsAResponse) {
  const auto told =
      read(R"({"timestamp":"2026-02-20T09:00:00Z","level":"info","message":"completion shown",)"
           R"("source":"ext","requestId":"r","model":"m","prompt":"fo","completion":"foo;",)"
           R"("promptLen":2,"completionLen":4,"tokensUsed":9,"durationMs":12,"filePath":"/w/a.ts",)"
           R"("language":"ts"})");
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].kind, Kind::response);
  EXPECT_EQ(told[0]["session"], "copilot");
  EXPECT_EQ(told[0]["id"], "line-0");
  EXPECT_EQ(told[0]["at"], "2026-02-20T09:00:00.000Z");
  EXPECT_EQ(told[0]["text"], "foo;");
  EXPECT_EQ(told[0]["model"], "m");
  EXPECT_EQ(told[0]["file"], "/w/a.ts");
  EXPECT_EQ(told[0].duration_ms, 12);
  EXPECT_EQ(told[0].usage->input, 2);
  EXPECT_EQ(told[0].usage->output, 4);
  EXPECT_EQ(told[0].data, (Fields{{"requestId", "r"},
                                  {"prompt", "fo"},
                                  {"promptLength", "2"},
                                  {"completion", "foo;"},
                                  {"completionLength", "4"},
                                  {"tokensUsed", "9"}}));
  EXPECT_EQ(told[0].context, (Fields{{"source", "ext"},
                                     {"level", "info"},
                                     {"message", "completion shown"},
                                     {"language", "ts"}}));
}

TEST(CopilotCompletionsTest, OneWithoutIsARequest) {
  const auto told = read(R"({"message":"suggest","prompt":"fo","promptLen":2})");
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].kind, Kind::prompt);
  EXPECT_EQ(told[0]["text"], "fo");
  EXPECT_EQ(told[0].data, (Fields{{"requestId", ""}, {"promptLength", "2"}}));
  EXPECT_FALSE(told[0].usage);
}

TEST(CopilotCompletionsTest, OtherLinesSayNothing) {
  EXPECT_TRUE(read("{\"message\":\"started\"}\n{\"message\":7}\n7\nno json\n{}\n").empty());
}

TEST(CopilotCompletionsTest, ItGoesOnWhereAnotherStopped) {
  expect_same_in_two_parts([] { return make(); },
                           "{\"message\":\"suggest\"}\nno json\n{\"message\":\"completion\"}\n");
}

}  // namespace
}  // namespace agents
