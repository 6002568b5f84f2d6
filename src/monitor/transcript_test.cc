#include "monitor/transcript.h"

#include <gtest/gtest.h>

namespace monitor {
namespace {

std::string entry(const EventRow& event) {
  std::string out;
  append_transcript_entry(out, event);
  return out;
}

EventRow row(std::string_view type = "tool_use", std::string_view metadata = "{}") {
  EventRow event;
  event.event_type = type;
  event.status = "success";
  event.created_at = "2026-03-01 12:00:00";
  event.metadata = metadata;
  return event;
}

/// The JSON of the detail that is found in `metadata`; "none" without one.
std::string detail(std::string_view metadata, std::string_view type = "tool_use") {
  const std::string json = entry(row(type, metadata));
  const std::size_t at = json.find("\"detail\":");
  return at == std::string::npos ? "none" : json.substr(at + 9, json.size() - at - 10);
}

TEST(Transcript, AnEntryHasWhatIsThereAndNothingElse) {
  EXPECT_EQ(entry(row()), R"({"role":"tool","type":"tool_use","timestamp":"2026-03-01 12:00:00"})");
  EventRow event = row("llm_response", R"({"command":"ls"})");
  event.client_timestamp = "2026-03-01T11:59:59.000Z";
  event.tool_name = "Bash";
  event.status = "timeout";
  event.model = "o3";
  event.tokens_in = 1;
  event.tokens_out = 2;
  event.cost_usd = 0.5;
  event.duration_ms = 30;
  EXPECT_EQ(entry(event),
            R"({"role":"assistant","type":"llm_response","timestamp":"2026-03-01T11:59:59.000Z",)"
            R"("tool_name":"Bash","detail":"ls","status":"timeout","model":"o3","tokens_in":1,)"
            R"("tokens_out":2,"cost_usd":0.5,"duration_ms":30})");
  event = row();
  event.tokens_in = event.tokens_out = event.duration_ms = 0;
  event.cost_usd = 0;
  EXPECT_EQ(entry(event), entry(row()));
}

TEST(Transcript, TheRoleFollowsTheType) {
  const auto role = [](std::string_view type) {
    const std::string json = entry(row(type));
    return json.substr(9, json.find('"', 9) - 9);
  };
  EXPECT_EQ(role("session_start"), "system");
  EXPECT_EQ(role("session_end"), "system");
  EXPECT_EQ(role("user_prompt"), "user");
  EXPECT_EQ(role("tool_use"), "tool");
  for (const char* type : {"error", "response", "llm_request", "llm_response", "file_change",
                           "git_commit", "plan_step", "from the future"})
    EXPECT_EQ(role(type), "assistant") << type;
}

TEST(Transcript, TheDetailIsTheFirstThatSaysSomething) {
  EXPECT_EQ(detail(R"({"query":"q","command":"c","content_preview":"p"})"), R"("p")");
  EXPECT_EQ(detail(R"({"diff_preview":"d","error":"e"})"), R"("e")");
  EXPECT_EQ(detail(R"({"content_preview":"","command":0,"file_path":false,"pattern":null,)"
                   R"("query":-0.0,"error":"","diff_preview":"d"})"),
            R"("d")");
  EXPECT_EQ(detail(R"({"message":"m"})", "user_prompt"), R"("m")");
  EXPECT_EQ(detail(R"({"message":"m"})", "tool_use"), "none");
  EXPECT_EQ(detail(R"({"other":"x"})"), "none");
}

TEST(Transcript, TheDetailKeepsItsType) {
  EXPECT_EQ(detail(R"({"command":["ls","-l"]})"), R"(["ls","-l"])");
  EXPECT_EQ(detail(R"({"command":{}})"), "{}");
  EXPECT_EQ(detail(R"({"query":7.5})"), "7.5");
  EXPECT_EQ(detail(R"({"query":true})"), "true");
}

TEST(Transcript, AnErrorIsATextOrHasAMessage) {
  EXPECT_EQ(detail(R"({"error":{"message":"m","code":1}})"), R"("m")");
  EXPECT_EQ(detail(R"({"error":{"code":1},"diff_preview":"d"})"), R"("d")");
  EXPECT_EQ(detail(R"({"error":5,"diff_preview":"d"})"), R"("d")");
  EXPECT_EQ(detail(R"({"error":["message"]})"), "none");
}

TEST(Transcript, MetadataWithoutMembersHasNoDetail) {
  for (const char* metadata : {"", "no json", "[]", "\"command\"", "null", "7", "{\"command\":"})
    EXPECT_EQ(detail(metadata), "none") << metadata;
  EventRow event = row();
  event.metadata.reset();
  EXPECT_EQ(entry(event), entry(row()));
}

}  // namespace
}  // namespace monitor
