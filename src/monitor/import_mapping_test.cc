#include "monitor/import_mapping.h"

#include <gtest/gtest.h>

#include "agents/log_reader.h"
#include "base/time_text.h"

namespace monitor {
namespace {

using agents::Agent;

/// The events that a log of these lines makes.
std::vector<Event> map(Agent agent, std::string_view text, ImportMapping::Limits limits = {},
                       const std::string& path = "/logs/5e55.jsonl",
                       const std::string& default_model = "") {
  std::vector<Event> events;
  ImportMapping mapping(agent, limits);
  const auto sink = [&](const agents::Record& record) {
    if (auto event = mapping.map(record)) events.push_back(std::move(*event));
  };
  const auto reader = make_reader(agent, path, default_model);
  agents::LineSplitter lines;
  agents::Line line;
  lines.feed(text);
  while (lines.next(line)) reader->read(line, sink);
  if (lines.last(line)) reader->read(line, sink);
  reader->finish(sink);
  return events;
}
std::vector<Event> claude(std::string_view text, ImportMapping::Limits limits = {}) {
  return map(Agent::claude_code, text, limits);
}
std::vector<Event> codex(std::string_view text, ImportMapping::Limits limits = {},
                         const std::string& default_model = "") {
  return map(Agent::codex, text, limits, "/logs/rollout-1.jsonl", default_model);
}
/// The one event of a line with these members.
Event claude_line(const std::string& members) {
  const auto events = claude("{" + members + "}");
  EXPECT_EQ(events.size(), 1u) << members;
  return events.at(0);
}
std::string metadata(const std::string& members) { return claude_line(members).metadata; }

ImportMapping::Limits from_to(const char* from, const char* to) {
  return {10240, from ? base::parse_date(from) : std::nullopt,
          to ? base::parse_date(to) : std::nullopt};
}

// The example of the contract, with its results.
constexpr std::string_view kClaudeExample =
    R"({"type":"session_start","sessionId":"5e55","timestamp":"2026-02-20T08:00:00Z","cwd":"/home/dev/shop","gitBranch":"feature/cart"}
{"type":"tool_use","sessionId":"5e55","timestamp":"2026-02-20T08:00:04Z","name":"Edit","cwd":"/home/dev/shop","input":{"file_path":"cart.c","old_string":"a\nb","new_string":"a\nb\nc"}}
{"type":"tool_result","sessionId":"5e55","timestamp":"2026-02-20T08:00:05Z","name":"Edit","output":"ok","duration_ms":41}
{"type":"assistant","sessionId":"5e55","timestamp":"2026-02-20T08:00:09Z","costUSD":0.02,"message":{"model":"claude-sonnet-4-5-20250929","usage":{"input_tokens":900,"output_tokens":120,"cache_read_input_tokens":4000}}}
{"type":"assistant","sessionId":"5e55","timestamp":"2026-02-20T08:00:20Z","costUSD":0.05,"message":{"model":"claude-sonnet-4-5-20250929","usage":{"input_tokens":300,"output_tokens":80}}}
)";

TEST(ImportMappingTest, TheExampleOfClaudeCode) {
  const auto events = claude(kClaudeExample);
  ASSERT_EQ(events.size(), 5u);
  EXPECT_EQ(events[0].event_id, "import-cc-b3b9f14a5cd410aed466652877206480");
  EXPECT_EQ(events[1].event_id, "import-cc-0b1fbd060a5ecda69f8be1509a1892f5");
  EXPECT_EQ(events[0].event_type, EventType::session_start);
  EXPECT_EQ(events[0].branch, "feature/cart");
  EXPECT_EQ(events[0].client_timestamp, "2026-02-20T08:00:00Z");
  EXPECT_EQ(events[1].event_type, EventType::tool_use);
  EXPECT_EQ(events[1].tool_name, "Edit");
  EXPECT_EQ(events[1].metadata, R"({"file_path":"cart.c","lines_removed":2,"lines_added":3})");
  EXPECT_EQ(events[2].metadata, R"({"content_preview":"ok"})");
  EXPECT_EQ(events[2].duration_ms, 41);
  EXPECT_EQ(events[3].event_type, EventType::llm_response);
  EXPECT_EQ(events[3].tokens_in, 900);
  EXPECT_EQ(events[3].tokens_out, 120);
  EXPECT_EQ(events[3].cache_read_tokens, 4000);
  EXPECT_EQ(events[3].cost_usd, 0.02);
  EXPECT_EQ(events[4].cost_usd, 0.030000000000000002);
  for (const Event& e : events) {
    EXPECT_EQ(e.session_id, "5e55");
    EXPECT_EQ(e.agent_type, "claude_code");
    EXPECT_EQ(e.source, "import");
    EXPECT_EQ(e.status, EventStatus::success);
    EXPECT_EQ(e.usage_key, "");
  }
  EXPECT_EQ(events[1].project, "shop");
}

constexpr std::string_view kCodexExample =
    R"({"timestamp":"2026-02-20T09:00:00Z","type":"session_meta","payload":{"id":"019c7373-39f7-7000-8000-0123456789ab","cwd":"/home/dev/shop","originator":"codex_cli"}}
{"timestamp":"2026-02-20T09:00:07Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":1000,"cached_input_tokens":400,"output_tokens":200}}}}
{"timestamp":"2026-02-20T09:00:09Z","type":"response_item","payload":{"type":"custom_tool_call","name":"apply_patch","input":"*** Begin Patch\n*** Update File: cart.c\n@@\n-old\n+new\n+more\n*** End Patch"}}
{"timestamp":"2026-02-20T09:00:15Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":1500,"cached_input_tokens":600,"output_tokens":260}}}}
)";

TEST(ImportMappingTest, TheExampleOfCodex) {
  const auto events = codex(kCodexExample);
  ASSERT_EQ(events.size(), 5u);
  const char* ids[] = {"f7d2ada430782bbe58869244428dd52d", "121d7bd70a50fc527688e1d48f950371",
                       "75b3f10a37421b799db396034cabac11", "16ead0e20007cf41a6862e9c08523d09",
                       "e22e768aa26d801bd1497d891d90d547"};
  const EventType types[] = {EventType::session_start, EventType::llm_response, EventType::tool_use,
                             EventType::llm_response, EventType::session_end};
  const char* metadata[] = {
      R"({"cli_version":"codex_cli","cwd":"/home/dev/shop"})",
      R"({"_synthetic":true,"_source":"codex_session_jsonl"})",
      R"({"file_path":"cart.c","lines_added":2,"lines_removed":1})",
      R"({"_synthetic":true,"_source":"codex_session_jsonl"})",
      R"({"total_tokens_in":1500,"total_tokens_out":260,"total_cache_read":600})"};
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].event_id, std::string("import-cdx-") + ids[i]);
    EXPECT_EQ(events[i].event_type, types[i]);
    EXPECT_EQ(events[i].metadata, metadata[i]);
    EXPECT_EQ(events[i].project, "shop");
    EXPECT_EQ(events[i].model, "");
    EXPECT_FALSE(events[i].cost_usd);
    EXPECT_EQ(events[i].agent_type, "codex");
    EXPECT_EQ(events[i].source, "import");
  }
  EXPECT_EQ(events[1].tokens_in, 1000);
  EXPECT_EQ(events[1].cache_read_tokens, 400);
  EXPECT_EQ(events[3].tokens_in, 500);
  EXPECT_EQ(events[3].tokens_out, 60);
  EXPECT_EQ(events[3].cache_read_tokens, 200);
  EXPECT_TRUE(events[3].input_includes_cache);
  EXPECT_EQ(events[2].tool_name, "apply_patch");
  EXPECT_EQ(events[4].client_timestamp, "2026-02-20T09:00:15Z");
  EXPECT_EQ(events[4].tokens_in, 0);
}

TEST(ImportMappingTest, ADefaultModelIsThatOfStartsAndUsages) {
  const auto events = codex(kCodexExample, {}, "gpt-5");
  EXPECT_EQ(events[0].model, "gpt-5");
  EXPECT_EQ(events[1].model, "gpt-5");
  EXPECT_EQ(events[2].model, "");
  EXPECT_EQ(events[4].model, "");
}

TEST(ImportMappingTest, EachTypeOfALine) {
  const std::pair<const char*, EventType> types[] = {{"tool_use", EventType::tool_use},
                                                     {"tool_result", EventType::tool_use},
                                                     {"assistant", EventType::llm_response},
                                                     {"error", EventType::error},
                                                     {"session_start", EventType::session_start},
                                                     {"session_end", EventType::session_end},
                                                     {"user", EventType::response},
                                                     {"summary", EventType::response},
                                                     {"system", EventType::response},
                                                     {"llm_response", EventType::response}};
  for (const auto& [type, expected] : types) {
    const Event event = claude_line(std::string("\"type\":\"") + type + "\",\"name\":\"N\"");
    EXPECT_EQ(event.event_type, expected) << type;
    EXPECT_EQ(event.tool_name, expected == EventType::tool_use ? "N" : "") << type;
    EXPECT_EQ(event.status,
              type == std::string("error") ? EventStatus::error : EventStatus::success);
  }
}

TEST(ImportMappingTest, AnErrorIsATextOrHasAMessage) {
  EXPECT_EQ(metadata(R"("type":"error","error":"e")"), R"({"error":"e"})");
  EXPECT_EQ(metadata(R"("type":"error","error":{"message":"m","code":1})"), R"({"error":"m"})");
  EXPECT_EQ(metadata(R"("type":"error","error":{"message":5})"), "{}");
  EXPECT_EQ(metadata(R"("type":"error","error":7)"), "{}");
  EXPECT_EQ(metadata(R"("type":"error","error":"")"), "{}");
}

TEST(ImportMappingTest, APreviewIsTheContentOrTheOutputOfATool) {
  EXPECT_EQ(metadata(R"("type":"user","content":"hi")"), R"({"content_preview":"hi"})");
  EXPECT_EQ(metadata(R"("type":"user","content":[{"text":"a"},{"x":1},7,{"text":"b"}])"),
            R"({"content_preview":"a\nb"})");
  EXPECT_EQ(metadata(R"("type":"user","content":{"text":"a"})"), "{}");
  EXPECT_EQ(metadata(R"("type":"user","message":{"content":"not this"})"), "{}");
  EXPECT_EQ(metadata(R"("type":"tool_result","content":"c","output":"o")"),
            R"({"content_preview":"o"})");
  EXPECT_EQ(metadata(R"("type":"tool_result","output":{"a": [1, 2]})"),
            R"({"content_preview":"{\"a\":[1,2]}"})");
  EXPECT_EQ(metadata(R"("type":"tool_use","content":"c","output":"o")"),
            R"({"content_preview":"c"})");
  EXPECT_EQ(metadata(R"("type":"tool_result","content":"c","output":null)"),
            R"({"content_preview":"c"})");
}

TEST(ImportMappingTest, LongTextsAreCutByUnitsOfUtf16) {
  std::string emoji;
  for (int i = 0; i < 251; ++i) emoji += "😀";
  EXPECT_EQ(metadata("\"type\":\"user\",\"content\":\"" + emoji + "\""),
            "{\"content_preview\":\"" + emoji.substr(0, 250 * 4) + "\"}");
  const std::string odd = "x" + emoji;  // the 500th unit is half of a character
  EXPECT_EQ(metadata("\"type\":\"user\",\"content\":\"" + odd + "\""),
            "{\"content_preview\":\"" + odd.substr(0, 1 + 249 * 4) + "\"}");
  const std::string command(201, 'c');
  EXPECT_EQ(metadata("\"type\":\"tool_use\",\"input\":{\"command\":\"" + command + "\"}"),
            "{\"command\":\"" + command.substr(1) + "\"}");
}

TEST(ImportMappingTest, TheInputOfAToolIsTakenAsText) {
  EXPECT_EQ(metadata(R"("type":"tool_use","input":{"query":"q","pattern":5,"file_path":["a"],)"
                     R"("command":{"x": true},"other":"no"})"),
            R"({"command":"{\"x\":true}","file_path":"[\"a\"]","pattern":"5","query":"q"})");
  EXPECT_EQ(metadata(R"("type":"tool_use","input":{"query":null,"pattern":""})"), "{}");
  EXPECT_EQ(metadata(R"("type":"tool_use","input":"text")"), "{}");
  EXPECT_EQ(metadata(R"("type":"tool_result","input":{"query":"q"})"), "{}");
}

TEST(ImportMappingTest, LinesOfEditsAreCounted) {
  const auto edit = [](const std::string& tool, const std::string& input) {
    return metadata("\"type\":\"tool_use\",\"name\":\"" + tool + "\",\"input\":{" + input + "}");
  };
  EXPECT_EQ(edit("Edit", R"("old_string":"a","new_string":"a\nb\n")"),
            R"({"lines_removed":1,"lines_added":3})");
  EXPECT_EQ(edit("Edit", R"("old_string":"","new_string":"a")"), R"({"lines_added":1})");
  EXPECT_EQ(edit("MultiEdit", R"("old_string":"a","new_string":"")"), R"({"lines_removed":1})");
  EXPECT_EQ(edit("MultiEdit", R"("edits":[{"old_string":"a","new_string":"b\nc"},7,)"
                              R"({"old_string":"d\ne"}])"),
            R"({"lines_removed":3,"lines_added":2})");
  EXPECT_EQ(edit("Write", R"("content":"a\nb","old_string":"x")"), R"({"lines_added":2})");
  EXPECT_EQ(edit("Bash", R"("content":"a\nb","old_string":"x")"), "{}");
}

TEST(ImportMappingTest, MetadataIsCutAsEveryClients) {
  const auto events =
      claude(R"({"type":"error","error":"0123456789","content":")" + std::string(400, 'x') + "\"}",
             {100, {}, {}});
  EXPECT_EQ(events[0].metadata,
            R"({"_truncated":true,"_original_bytes":443,"error":"0123456789"})");
  EXPECT_TRUE(events[0].payload_truncated);
  EXPECT_EQ(claude(R"({"type":"user","content":"a"})", {1, {}, {}})[0].metadata, "{}");
}

TEST(ImportMappingTest, ARunningTotalOfCostsIsTakenApart) {
  const auto events = claude(
      "{\"type\":\"a\",\"costUSD\":1}\n{\"type\":\"a\"}\n{\"type\":\"a\",\"costUSD\":1}\n"
      "{\"type\":\"a\",\"costUSD\":0.5}\n{\"type\":\"a\",\"costUSD\":0.75}\n");
  EXPECT_EQ(events[0].cost_usd, 1.0);
  EXPECT_FALSE(events[1].cost_usd);
  EXPECT_FALSE(events[2].cost_usd);
  EXPECT_FALSE(events[3].cost_usd);
  EXPECT_EQ(events[4].cost_usd, 0.25);
}

TEST(ImportMappingTest, TheCostOfAMessageIsItsOwn) {
  const auto events = claude(
      R"({"type":"assistant","costUSD":0.5,"message":{"id":"m","usage":{"input_tokens":1}}})"
      "\n"
      R"({"type":"assistant","costUSD":0.25,"message":{"id":"n","usage":{"input_tokens":1}}})");
  EXPECT_EQ(events[0].cost_usd, 0.5);
  EXPECT_EQ(events[1].cost_usd, 0.25);
  EXPECT_EQ(events[0].usage_key.size(), 32u);
  EXPECT_NE(events[0].usage_key, events[1].usage_key);
}

TEST(ImportMappingTest, AMessageIsKnownByItselfAndItsRequest) {
  const auto key = [](const std::string& session, const std::string& id,
                      const std::string& request) {
    return claude_line("\"type\":\"assistant\",\"sessionId\":\"" + session + "\",\"requestId\":\"" +
                       request + "\",\"message\":{\"id\":\"" + id + "\",\"usage\":{}}")
        .usage_key;
  };
  EXPECT_EQ(key("a", "m", "r"), key("b", "m", "r"));
  EXPECT_NE(key("a", "m", "r"), key("a", "m", "s"));
  EXPECT_NE(key("a", "m", "r"), key("a", "n", "r"));
  EXPECT_EQ(claude_line(R"("type":"assistant","message":{"id":"m"})").usage_key, "");
}

TEST(ImportMappingTest, LinesOutsideTheDatesAreLeftOutWithTheirNumbersAndCosts) {
  const std::string log =
      "{\"type\":\"a\",\"timestamp\":\"2026-02-20T08:00:00Z\",\"costUSD\":1}\n"
      "{\"type\":\"b\",\"timestamp\":\"2026-02-20T09:00:00Z\",\"costUSD\":3}\n"
      "{\"type\":\"c\",\"costUSD\":4}\n"
      "{\"type\":\"d\",\"timestamp\":\"never\",\"costUSD\":6}\n"
      "{\"type\":\"e\",\"timestamp\":\"2026-02-20T10:00:00Z\",\"costUSD\":7}\n";
  const auto all = claude(log);
  const auto late = claude(log, from_to("2026-02-20T09:00:00Z", nullptr));
  ASSERT_EQ(late.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(late[i].event_id, all[i + 1].event_id);
  EXPECT_EQ(all[1].cost_usd, 2.0);
  EXPECT_EQ(late[0].cost_usd, 3.0);
  EXPECT_EQ(late[1].cost_usd, 1.0);
  const auto early = claude(log, from_to(nullptr, "2026-02-20T09:00:00Z"));
  ASSERT_EQ(early.size(), 4u);
  EXPECT_EQ(early[3].event_id, all[3].event_id);
  EXPECT_EQ(claude(log, from_to("2026-02-20T08:00:00.001Z", "2026-02-20T08:59:59Z")).size(), 2u);
}

TEST(ImportMappingTest, TheStartOfACodexSessionDecidesAboutAllOfIt) {
  EXPECT_EQ(codex(kCodexExample, from_to("2026-02-20T09:00:00Z", "2026-02-20T09:00:00Z")).size(),
            5u);
  EXPECT_TRUE(codex(kCodexExample, from_to("2026-02-20T09:00:01Z", nullptr)).empty());
  EXPECT_TRUE(codex(kCodexExample, from_to(nullptr, "2026-02-20T08:59:59Z")).empty());
  const std::string begun_before =
      R"({"timestamp":"2026-02-20T09:00:00Z","type":"session_meta","payload":{"timestamp":"2026-02-19T00:00:00Z"}})";
  EXPECT_TRUE(codex(begun_before, from_to("2026-02-20", nullptr)).empty());
  EXPECT_EQ(codex(begun_before, from_to(nullptr, "2026-02-19")).size(), 2u);
}

TEST(ImportMappingTest, ASubagentsSessionHasItsParent) {
  const auto events =
      map(Agent::claude_code, R"({"type":"user","sessionId":"s","isSidechain":true})", {},
          "/logs/agent-7.jsonl");
  EXPECT_EQ(events[0].session_id, "s-agent-7");
  EXPECT_EQ(events[0].parent_session_id, "s");
}

}  // namespace
}  // namespace monitor
