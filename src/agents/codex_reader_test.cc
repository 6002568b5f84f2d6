#include "codex_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reader_test_support.h"
#include "told_test_support.h"

namespace agents {
namespace {

using Kind = Record::Kind;

constexpr const char* kPath =
    "/s/2026/02/20/rollout-2026-02-20T09-00-00-019C7373-39f7-7000-8000-0123456789ab.jsonl";
constexpr const char* kFileId = "019C7373-39f7-7000-8000-0123456789ab";

std::string line(const std::string& type, const std::string& payload, int second = 0) {
  return "{\"timestamp\":\"2026-02-20T09:00:0" + std::to_string(second) + "Z\",\"type\":\"" + type +
         "\",\"payload\":{" + payload + "}}\n";
}
std::string meta(const std::string& id, const std::string& more = "") {
  return line("session_meta", "\"id\":\"" + id + "\",\"cwd\":\"/home/dev/shop\"" + more);
}
std::string turn(const std::string& id, const std::string& model = "") {
  return line("turn_context",
              "\"turn_id\":\"" + id + "\"" + (model.empty() ? "" : ",\"model\":\"" + model + "\""));
}
std::string tokens(int in, int out, int cached = 0, int reasoning = 0, int second = 1) {
  return line("event_msg",
              "\"type\":\"token_count\",\"info\":{\"total_token_usage\":{\"input_tokens\":" +
                  std::to_string(in) + ",\"cached_input_tokens\":" + std::to_string(cached) +
                  ",\"output_tokens\":" + std::to_string(out) +
                  ",\"reasoning_output_tokens\":" + std::to_string(reasoning) + "}}",
              second);
}
ReadLog read(const std::string& text, const std::string& default_model = "") {
  return read_log(Agent::codex, text, kPath, default_model);
}
std::vector<KeptRecord> usages(const ReadLog& log) {
  std::vector<KeptRecord> found;
  for (const KeptRecord& r : log.records)
    if (r.kind == Kind::usage) found.push_back(r);
  return found;
}
/// The patch of the one item with this payload; empty: none.
std::string patch_of(const std::string& payload) {
  const ReadLog log = read(line("response_item", payload));
  if (log.records.empty()) return "";
  EXPECT_EQ(log.records.size(), 2u);
  EXPECT_EQ(log.records[0].kind, Kind::patch);
  EXPECT_EQ(log.records[0].tool_name, "apply_patch");
  EXPECT_EQ(log.records[0].model, "");
  return log.records[0].text;
}

TEST(CodexReaderTest, ASessionBeginsWithItsMeta) {
  const ReadLog log =
      read(line("session_meta",
                R"("id":"sid","cwd":"/home/dev/shop","originator":"codex_cli","timestamp":"T",)"
                R"("git":{"branch":"main"},"forked_from_id":"parent")"),
           "gpt-5");
  ASSERT_EQ(log.records.size(), 2u);
  const KeptRecord& start = log.records[0];
  EXPECT_EQ(start.kind, Kind::session_start);
  EXPECT_EQ(start.session_id, "sid");
  EXPECT_EQ(start.working_directory, "/home/dev/shop");
  EXPECT_EQ(start.originator, "codex_cli");
  EXPECT_EQ(start.text, "T");
  EXPECT_EQ(start.timestamp, "2026-02-20T09:00:00Z");
  EXPECT_EQ(start.model, "gpt-5");
  EXPECT_EQ(start.branch, "main");
  EXPECT_EQ(start.parent_session_id, "parent");
  EXPECT_EQ(log.records[1].kind, Kind::session_end);
}

TEST(CodexReaderTest, EachMetaIsAStartOfTheFirstOnesSession) {
  const ReadLog log = read(meta("own") + meta("parent") + tokens(5, 5));
  ASSERT_EQ(log.records.size(), 4u);
  EXPECT_EQ(log.records[1].kind, Kind::session_start);
  for (const KeptRecord& r : log.records) EXPECT_EQ(r.session_id, "own");
}

TEST(CodexReaderTest, WithoutAMetaTheNameOfTheFileSaysTheSession) {
  EXPECT_EQ(read(tokens(5, 5)).records.at(0).session_id, kFileId);
  EXPECT_EQ(read(line("session_meta", "")).records.at(0).session_id, kFileId);
  EXPECT_EQ(codex_session_of("/a/rollout-7.jsonl"), "rollout-7");
  EXPECT_EQ(codex_session_of("/019c7373-39f7-7000-8000-0123456789ab/x.jsonl"), "x");
  EXPECT_EQ(codex_session_of("019c7373-39f7-7000-8000-0123456789a.jsonl"),
            "019c7373-39f7-7000-8000-0123456789a");
}

TEST(CodexReaderTest, TokensAreTheDifferencesOfTheTotals) {
  const auto found =
      usages(read(meta("s") + tokens(1000, 200, 400, 50) + tokens(1500, 260, 600, 60)));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].usage->input, 1000);
  EXPECT_EQ(found[1].usage->input, 500);
  EXPECT_EQ(found[1].usage->output, 60);
  EXPECT_EQ(found[1].usage->cache_read, 200);
  EXPECT_EQ(found[1].usage->reasoning, 10);
  EXPECT_TRUE(found[1].usage->input_includes_cache);
  EXPECT_EQ(found[1].timestamp, "2026-02-20T09:00:01Z");
}

TEST(CodexReaderTest, ATotalThatDidNotGrowIsNoEventAndMovesTheBaseline) {
  const auto found = usages(read(tokens(1000, 200) + tokens(1000, 200) + tokens(1000, 200, 10) +
                                 tokens(100, 20) + tokens(150, 20)));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[1].usage->input, 50);
  EXPECT_EQ(found[1].usage->output, 0);
  EXPECT_EQ(found[1].ordinal, 1u);
}

TEST(CodexReaderTest, ATokenCountWithoutTotalsChangesNothing) {
  const std::string none = line("event_msg", R"("type":"token_count","info":null)") +
                           line("event_msg", R"("type":"token_count")") +
                           line("event_msg", R"("type":"token_count","info":{}))");
  const auto found = usages(read(tokens(10, 1) + none + tokens(30, 3)));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[1].usage->input, 20);
}

TEST(CodexReaderTest, ATurnSaysTheModel) {
  const auto found = usages(read(tokens(1, 1) + turn("t", "m1") + tokens(2, 2) + turn("u") +
                                     tokens(3, 3) + turn("v", "m2") + tokens(4, 4),
                                 "default"));
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0].model, "default");
  EXPECT_EQ(found[1].model, "m1");
  EXPECT_EQ(found[2].model, "m1");
  EXPECT_EQ(found[3].model, "m2");
  EXPECT_EQ(usages(read(tokens(1, 1)))[0].model, "");
}

TEST(CodexReaderTest, AForkRepeatsTheMessagesOfItsParent) {
  const std::string copied = turn("t") + tokens(10, 1) + tokens(30, 3);
  const auto parent = usages(read(meta("a") + copied));
  const auto fork = usages(read(meta("b") + meta("a") + copied + turn("u") + tokens(50, 5)));
  ASSERT_EQ(fork.size(), 3u);
  EXPECT_NE(parent[0].message_id, parent[1].message_id);
  EXPECT_EQ(fork[0].message_id, parent[0].message_id);
  EXPECT_EQ(fork[1].message_id, parent[1].message_id);
  EXPECT_EQ(fork[2].usage->input, 20);
  // Without a turn nothing says what is a copy.
  EXPECT_EQ(usages(read(tokens(1, 1)))[0].message_id, "");
}

TEST(CodexReaderTest, APatchComesAsAToolOrAsACommand) {
  const std::string patch = "*** Begin Patch\\n*** Update File: x\\n+a\\n";
  const std::string text = "*** Begin Patch\n*** Update File: x\n+a\n";
  EXPECT_EQ(patch_of(R"("name":"apply_patch","input":")" + patch + "\""), text);
  EXPECT_EQ(patch_of(R"("name":"exec_command","arguments":"{\"cmd\":\"apply_patch )" +
                     std::string("*** Update File: x\\\\n+a\\\"}\"")),
            "apply_patch *** Update File: x\n+a");
  // Not JSON.
  EXPECT_EQ(patch_of(R"("name":"exec_command","arguments":"apply_patch *** Add File: x")"),
            "apply_patch *** Add File: x");
  EXPECT_EQ(patch_of(R"("name":"exec_command","arguments":"cd x && )" + patch + "\""),
            "cd x && " + text);
}

TEST(CodexReaderTest, EverythingElseIsNoPatch) {
  for (const std::string payload :
       {R"("name":"apply_patch","input":{"a":1})", R"("name":"apply_patch")",
        R"("name":"apply_patch","input":"+a")", R"("name":"shell","input":"*** Update File: x")",
        R"("name":"exec_command","arguments":"{\"cmd\":\"ls; apply_patch *** Add File: x\"}")",
        R"("name":"exec_command","arguments":"{\"cmd\":[\"apply_patch *** Add File: x\"]}")",
        R"("name":"exec_command","arguments":"ls *** Add File: x")",
        R"("name":"exec_command","arguments":{"cmd":"apply_patch *** Add File: x"})",
        R"("type":"message","content":[])"})
    EXPECT_EQ(patch_of(payload), "") << payload;
}

TEST(CodexReaderTest, UsagesAndPatchesAreCountedTogether) {
  const std::string patch =
      line("response_item", R"("name":"apply_patch","input":"*** Add File: x")");
  const ReadLog log = read(meta("s") + tokens(1, 1) + tokens(1, 1) + patch + tokens(2, 2));
  ASSERT_EQ(log.records.size(), 5u);
  EXPECT_EQ(log.records[1].ordinal, 0u);
  EXPECT_EQ(log.records[2].ordinal, 1u);
  EXPECT_EQ(log.records[3].ordinal, 2u);
}

TEST(CodexReaderTest, TheEndHasTheLastTimeAndTheTotals) {
  const ReadLog log = read(meta("s") + tokens(1500, 260, 600) + line("other", "", 7));
  const KeptRecord& end = log.records.back();
  EXPECT_EQ(end.kind, Kind::session_end);
  EXPECT_EQ(end.timestamp, "2026-02-20T09:00:07Z");
  EXPECT_EQ(end.usage->input, 1500);
  EXPECT_EQ(end.usage->output, 260);
  EXPECT_EQ(end.usage->cache_read, 600);
  EXPECT_EQ(end.working_directory, "/home/dev/shop");
  EXPECT_EQ(read(meta("s") + "{\"timest").records.back().timestamp, "");
  EXPECT_TRUE(read(line("other", "") + "x\n").records.empty());
}

TEST(CodexReaderTest, LinesOfAnyOtherShapeAreNothing) {
  const ReadLog log = read("[]\n7\n{}\n{\"type\":\"session_meta\"}\n" + line("compacted", "") +
                           "{\"type\":\"event_msg\",\"payload\":[]}\nx\n" +
                           line("event_msg", R"("type":"agent_message")"));
  EXPECT_TRUE(log.records.empty());
  EXPECT_EQ(log.counts.lines, 8u);
  EXPECT_EQ(log.counts.broken, 1u);
}

TEST(CodexReaderTest, ItGoesOnWhereAnotherStopped) {
  const std::string patch =
      line("response_item", R"("name":"apply_patch","input":"*** Add File: x")");
  expect_same_in_two_parts([] { return std::make_unique<CodexReader>(kPath, "gpt-5"); },
                           tokens(3, 1) + meta("s") + turn("t", "o") + tokens(5, 2, 1, 1) + patch +
                               "no json\n" + meta("other") + turn("u") + tokens(9, 2) + patch +
                               tokens(9, 2) + tokens(1, 1));
}

}  // namespace
}  // namespace agents
