#include "claude_reader.h"

#include <gtest/gtest.h>

#include "reader_test_support.h"
#include "told_test_support.h"

namespace agents {
namespace {

ReadLog read(std::string_view text, const std::string& path = "/p/5e55.jsonl") {
  return read_log(Agent::claude_code, text, path);
}
/// The one record of the one line with these members beside its type.
KeptRecord line(const std::string& members, const std::string& type = "assistant") {
  const ReadLog log =
      read("{\"type\":\"" + type + "\"" + (members.empty() ? "" : ",") + members + "}");
  EXPECT_EQ(log.records.size(), 1u) << members;
  return log.records.at(0);
}

TEST(ClaudeReaderTest, EveryLineWithATypeIsARecordWithItsPlace) {
  const ReadLog log = read("{\"type\":\"user\"}\n\n{\"type\":\"whatever\"}\n");
  ASSERT_EQ(log.records.size(), 2u);
  EXPECT_EQ(log.records[1].kind, Record::Kind::line);
  EXPECT_EQ(log.records[1].type, "whatever");
  EXPECT_EQ(log.records[1].index, 1u);
  EXPECT_EQ(log.records[1].offset, 17u);
}

TEST(ClaudeReaderTest, LinesThatSayNothingStillHaveANumber) {
  const ReadLog log = read(
      "not json\n{\"x\":1}\n{\"type\":\"\"}\n{\"type\":7}\n[]\n\"text\"\nnull\n{\"type\":\"a\"}\n"
      "{\"type\":\"b\"");
  EXPECT_EQ(log.only().index, 7u);
  EXPECT_EQ(log.counts.lines, 9u);
  EXPECT_EQ(log.counts.broken, 2u);
}

TEST(ClaudeReaderTest, TheSessionIsTheOneThatTheLineNamesElseTheFile) {
  EXPECT_EQ(line("\"sessionId\":\"s\"").session_id, "s");
  EXPECT_EQ(line("").session_id, "5e55");
  EXPECT_EQ(line("\"sessionId\":\"\"").session_id, "5e55");
  EXPECT_EQ(line("\"sessionId\":5").session_id, "5e55");
  EXPECT_EQ(read("{\"type\":\"a\"}", "/p/a.b.jsonl").only().session_id, "a.b");
}

TEST(ClaudeReaderTest, ASubagentHasASessionOfItsOwnWithAParent) {
  const std::string side = "{\"type\":\"user\",\"sessionId\":\"s\",\"isSidechain\":true}";
  const auto own = read(side, "/p/s/subagents/agent-1f.jsonl").only();
  EXPECT_EQ(own.session_id, "s-agent-1f");
  EXPECT_EQ(own.parent_session_id, "s");
  // In the file of the session itself the lines are the session's.
  EXPECT_EQ(read(side).only().session_id, "s");
  EXPECT_EQ(read(side).only().parent_session_id, "");
  const auto not_side = read("{\"type\":\"user\",\"sessionId\":\"s\"}", "/p/agent-1f.jsonl").only();
  EXPECT_EQ(not_side.session_id, "s");
}

TEST(ClaudeReaderTest, TheFirstOfTwoPlacesThatSaysSomethingHolds) {
  const KeptRecord above =
      line(R"("name":"Bash","tool_name":"x","model":"m","usage":{"input_tokens":1},)"
           R"("message":{"model":"n","usage":{"input_tokens":2}},"duration_ms":3,"durationMs":4)");
  EXPECT_EQ(above.tool_name, "Bash");
  EXPECT_EQ(above.model, "m");
  EXPECT_EQ(above.usage->input, 1);
  EXPECT_EQ(above.duration_ms, 3);
  const KeptRecord below = line(
      R"("tool_name":"Read","message":{"model":"n","usage":{"input_tokens":2}},"durationMs":4)");
  EXPECT_EQ(below.tool_name, "Read");
  EXPECT_EQ(below.model, "n");
  EXPECT_EQ(below.usage->input, 2);
  EXPECT_EQ(below.duration_ms, 4);
}

TEST(ClaudeReaderTest, TheOtherFieldsStandAsTheyAre) {
  const KeptRecord r = line(
      R"("timestamp":"2026-02-20 8:00","cwd":"/home/dev/shop","gitBranch":"b","requestId":"r",)"
      R"("message":{"id":"m"},"costUSD":0.25,"content":"c","output":"o","error":"e","input":{})");
  EXPECT_EQ(r.timestamp, "2026-02-20 8:00");
  EXPECT_EQ(r.working_directory, "/home/dev/shop");
  EXPECT_EQ(r.branch, "b");
  EXPECT_EQ(r.request_id, "r");
  EXPECT_EQ(r.message_id, "m");
  EXPECT_EQ(r.cost_usd, 0.25);
  EXPECT_EQ(r.content, "c");
  EXPECT_EQ(r.output, "o");
  EXPECT_EQ(r.error, "e");
  EXPECT_EQ(r.input, "(json)");
  const KeptRecord none = line("");
  EXPECT_FALSE(none.usage);
  EXPECT_FALSE(none.cost_usd);
}

TEST(ClaudeReaderTest, WhatIsNoNumberIsNone) {
  EXPECT_FALSE(line(R"("costUSD":"0.5")").cost_usd);
  EXPECT_FALSE(line(R"("costUSD":1e999)").cost_usd);
  EXPECT_FALSE(line(R"("usage":[],"message":"m")").usage);
  const Usage u = *line(R"("usage":{"input_tokens":-5,"output_tokens":"7",)"
                        R"("cache_read_input_tokens":2.9,"cache_creation_input_tokens":1e300})")
                       .usage;
  EXPECT_EQ(u.input, 0);
  EXPECT_EQ(u.output, 0);
  EXPECT_EQ(u.cache_read, 2);
  EXPECT_EQ(u.cache_write, 0);
}

TEST(ClaudeReaderTest, TheHourOfACacheWriteIsAPartOfIt) {
  const auto usage = [](const std::string& members) {
    return *line("\"usage\":{" + members + "}").usage;
  };
  const Usage all =
      usage(R"("input_tokens":1,"output_tokens":2,"cache_read_input_tokens":3,)"
            R"("cache_creation_input_tokens":10,)"
            R"("cache_creation":{"ephemeral_5m_input_tokens":6,"ephemeral_1h_input_tokens":4})");
  EXPECT_EQ(all.input, 1);
  EXPECT_EQ(all.output, 2);
  EXPECT_EQ(all.cache_read, 3);
  EXPECT_EQ(all.cache_write, 10);
  EXPECT_EQ(all.cache_write_1h, 4);
  EXPECT_FALSE(all.input_includes_cache);
  const Usage parts =
      usage(R"("cache_creation":{"ephemeral_5m_input_tokens":6,"ephemeral_1h_input_tokens":4})");
  EXPECT_EQ(parts.cache_write, 10);
  EXPECT_EQ(parts.cache_write_1h, 4);
  const Usage more =
      usage(R"("cache_creation_input_tokens":3,"cache_creation":{"ephemeral_1h_input_tokens":4})");
  EXPECT_EQ(more.cache_write_1h, 3);
}

TEST(ClaudeReaderTest, AnErrorIsSaidInThreeWays) {
  EXPECT_TRUE(line("", "error").is_error);
  EXPECT_TRUE(line("\"status\":\"error\"").is_error);
  for (const std::string truthy : {"true", "1", "\"no\"", "{}", "[]"})
    EXPECT_TRUE(line("\"is_error\":" + truthy).is_error) << truthy;
  for (const std::string falsy : {"false", "0", "-0.0", "\"\"", "null"})
    EXPECT_FALSE(line("\"is_error\":" + falsy).is_error) << falsy;
  EXPECT_FALSE(line("\"status\":\"failed\"").is_error);
}

TEST(ClaudeReaderTest, BrokenUtf8IsReplacedAndCostsNothingElse) {
  const auto torn =
      read("{\"type\":\"a\",\"content\":\"x\xE2\x82\",\"usage\":{\"input_tokens\":5}}");
  EXPECT_EQ(torn.only().content, "x\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(torn.only().usage->input, 5);
  EXPECT_EQ(torn.counts.broken, 0u);
  EXPECT_EQ(read("{\"type\":\"a\xFF").counts.broken, 1u);
}

TEST(ClaudeReaderTest, ALongLineIsReadWithItsTextsShortened) {
  const std::string text(3'000'000, 'x');
  const auto log =
      read("{\"type\":\"a\",\"content\":\"" + text + "\xF0\",\"usage\":{\"output_tokens\":5}}\n");
  EXPECT_EQ(log.only().usage->output, 5);
  EXPECT_TRUE(log.only().is_cut);
  EXPECT_TRUE(log.only().content.ends_with("x [cut]"));
  EXPECT_EQ(log.counts.cut, 1u);
  const auto wide = read("{\"type\":\"a\",\"n\":[" + text + "]}\n{\"type\":\"b\"}");
  EXPECT_EQ(wide.only().index, 1u);
  EXPECT_EQ(wide.counts.too_long, 1u);
  EXPECT_EQ(wide.counts.cut, 0u);
}

TEST(ClaudeReaderTest, ASubagentsLineWithoutASessionIsTheSubagents) {
  const std::string line = "{\"type\":\"summary\"}\n";
  EXPECT_EQ(read(line, "/p/s/subagents/agent-1f.jsonl").only().session_id, "s-agent-1f");
  EXPECT_EQ(read(line, "/p/agent-1f.jsonl").only().session_id, "agent-1f");
  const auto log = read("{\"type\":\"user\",\"sessionId\":\"s\",\"isSidechain\":true}\n" + line,
                        "/p/agent-1f.jsonl");
  EXPECT_EQ(log.records.at(1).session_id, "s-agent-1f");
}

TEST(ClaudeReaderTest, AbsurdCountsAndCostsAreNone) {
  const KeptRecord r = line(R"("usage":{"input_tokens":9223372036854775807},"costUSD":1.7e308)");
  EXPECT_EQ(r.usage->input, 0);
  EXPECT_FALSE(r.cost_usd);
}

TEST(ClaudeReaderTest, ItGoesOnWhereAnotherStopped) {
  const std::string log =
      "{\"type\":\"user\"}\n"
      "{\"type\":\"user\",\"sessionId\":\"s\",\"isSidechain\":true,\"timestamp\":\"T\"}\n"
      "{\"type\":\"assistant\",\"message\":{\"usage\":{\"input_tokens\":1}}}\n";
  for (const char* path : {"/p/agent-1f.jsonl", "/p/x/subagents/agent-1f.jsonl", "/p/x.jsonl"})
    expect_same_in_two_parts([&] { return std::make_unique<ClaudeReader>(path); }, log);
}

}  // namespace
}  // namespace agents
