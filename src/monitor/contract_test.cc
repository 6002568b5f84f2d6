#include "monitor/contract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/json_writer.h"

namespace monitor {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kNoString = "must be a string";
constexpr std::string_view kBlank = "must be a non-empty string";
constexpr std::string_view kNoOptionalString = "must be a string when provided";
constexpr std::string_view kNoCount = "must be a non-negative integer when provided";
constexpr std::string_view kNoCost = "must be a non-negative number when provided";
constexpr std::string_view kNoTimestampString = "must be an ISO timestamp string when provided";
constexpr std::string_view kNoTimestamp = "must be a valid timestamp";
constexpr std::string_view kNoStatus = "must be one of: success, error, timeout";
constexpr std::string_view kNoType =
    "must be one of: tool_use, session_start, session_end, error, llm_request, llm_response, "
    "response, file_change, git_commit, plan_step, user_prompt";

constexpr const char* kOptionalTexts[] = {"event_id", "tool_name", "branch",
                                          "project",  "model",     "source"};
constexpr const char* kCounts[] = {"duration_ms", "tokens_in", "tokens_out", "cache_read_tokens",
                                   "cache_write_tokens"};

class ContractTest : public testing::Test {
 protected:
  ParsedEvent parse(std::string_view json, std::size_t max_metadata_bytes = 10 * 1024) {
    return parse_event(document_.parse(json).value(), {max_metadata_bytes});
  }

  /// The smallest event there is, and `members`.
  static std::string event_with(std::string_view members) {
    std::string json = R"({"session_id":"s","agent_type":"a","event_type":"tool_use")";
    if (!members.empty()) json.append(",").append(members);
    return json + "}";
  }
  static std::string member(std::string_view name, std::string_view value) {
    return std::string("\"").append(name).append("\":").append(value);
  }

  Event accepted(std::string_view members, std::size_t max_metadata_bytes = 10 * 1024) {
    ParsedEvent parsed = parse(event_with(members), max_metadata_bytes);
    EXPECT_THAT(told(parsed), IsEmpty()) << members;
    return std::holds_alternative<Event>(parsed) ? std::get<Event>(parsed) : Event{};
  }
  std::vector<std::string> errors_with(std::string_view members) {
    return told(parse(event_with(members)));
  }
  std::vector<std::string> errors_of(std::string_view json) { return told(parse(json)); }

  static std::string error(std::string_view field, std::string_view message) {
    return std::string(field).append(": ").append(message);
  }

  base::json::Document document_;

 private:
  static std::vector<std::string> told(const ParsedEvent& parsed) {
    std::vector<std::string> told;
    if (const auto* errors = std::get_if<FieldErrors>(&parsed))
      for (const FieldError& e : *errors) told.push_back(error(e.field, e.message));
    return told;
  }
};

TEST_F(ContractTest, AnEventWithOnlyRequiredFieldsHasTheDefaults) {
  const Event event = accepted("");
  EXPECT_EQ(event.session_id, "s");
  EXPECT_EQ(event.agent_type, "a");
  EXPECT_EQ(event.event_type, EventType::tool_use);
  EXPECT_EQ(event.status, EventStatus::success);
  EXPECT_EQ(event.source, "api");
  EXPECT_EQ(event.metadata, "{}");
  EXPECT_EQ(event.event_id + event.tool_name + event.branch + event.project + event.model, "");
  EXPECT_EQ(event.client_timestamp, "");
  EXPECT_EQ(event.tokens_in + event.tokens_out + event.cache_read_tokens, 0);
  EXPECT_EQ(event.cache_write_tokens + event.duration_ms, 0);
  EXPECT_EQ(event.cost_usd, std::nullopt);
  EXPECT_FALSE(event.payload_truncated);
}

TEST_F(ContractTest, EveryFieldArrivesInItsPlace) {
  const Event event = accepted(
      R"("event_id":"id","status":"timeout","tool_name":"Bash","branch":"main","project":"p",)"
      R"("model":"m","source":"hook","tokens_in":1,"tokens_out":2,"cache_read_tokens":3,)"
      R"("cache_write_tokens":4,"duration_ms":5,"cost_usd":0.25,)"
      R"("client_timestamp":"2026-02-28T09:15:02Z","metadata":{"a":[1]},"unknown":{"x":1})");
  EXPECT_EQ(event.event_id, "id");
  EXPECT_EQ(event.status, EventStatus::timeout);
  EXPECT_EQ(event.tool_name, "Bash");
  EXPECT_EQ(event.branch, "main");
  EXPECT_EQ(event.project, "p");
  EXPECT_EQ(event.model, "m");
  EXPECT_EQ(event.source, "hook");
  EXPECT_EQ(event.tokens_in, 1);
  EXPECT_EQ(event.tokens_out, 2);
  EXPECT_EQ(event.cache_read_tokens, 3);
  EXPECT_EQ(event.cache_write_tokens, 4);
  EXPECT_EQ(event.duration_ms, 5);
  EXPECT_EQ(event.cost_usd, 0.25);
  EXPECT_EQ(event.client_timestamp, "2026-02-28T09:15:02.000Z");
  EXPECT_EQ(event.metadata, R"({"a":[1]})");
}

TEST_F(ContractTest, EveryEnumeratorIsReadByItsName) {
  constexpr const char* kTypes[] = {
      "tool_use", "session_start", "session_end", "error",     "llm_request", "llm_response",
      "response", "file_change",   "git_commit",  "plan_step", "user_prompt", "instruction_load"};
  for (int i = 0; i < 12; ++i) {
    const auto type = static_cast<EventType>(i);
    EXPECT_EQ(name(type), kTypes[i]);
    EXPECT_EQ(parse_event_type(kTypes[i]), type);
  }
  constexpr const char* kStatuses[] = {"success", "error", "timeout"};
  for (int i = 0; i < 3; ++i) {
    const auto status = static_cast<EventStatus>(i);
    EXPECT_EQ(name(status), kStatuses[i]);
    EXPECT_EQ(parse_event_status(kStatuses[i]), status);
  }
  EXPECT_EQ(parse_event_type("Tool_use"), std::nullopt);
  EXPECT_EQ(parse_event_status(""), std::nullopt);
}

TEST_F(ContractTest, WhatIsNoObjectIsOneBodyError) {
  for (const char* body : {"[]", "[{}]", "null", "1", "true", R"("text")", R"("{}")"})
    EXPECT_THAT(errors_of(body), ElementsAre("body: must be a JSON object")) << body;
}

TEST_F(ContractTest, AnEmptyObjectMissesThreeFieldsAndTheTypeTwice) {
  EXPECT_THAT(errors_of("{}"),
              ElementsAre(error("session_id", kNoString), error("agent_type", kNoString),
                          error("event_type", kNoString), error("event_type", kNoType)));
}

TEST_F(ContractTest, RequiredTextsMustBeStringsThatAreNotBlank) {
  for (const char* value : {"null", "5", "true", "{}", R"(["s"])"}) {
    EXPECT_THAT(errors_with(member("session_id", value)),
                ElementsAre(error("session_id", kNoString)));
    EXPECT_THAT(errors_with(member("agent_type", value)),
                ElementsAre(error("agent_type", kNoString)));
    EXPECT_THAT(errors_with(member("event_type", value)),
                ElementsAre(error("event_type", kNoString), error("event_type", kNoType)));
  }
  for (const char* value : {R"("")", R"(" \t\n")", R"("\u00a0\ufeff")"}) {
    EXPECT_THAT(errors_with(member("session_id", value)), ElementsAre(error("session_id", kBlank)));
    EXPECT_THAT(errors_with(member("agent_type", value)), ElementsAre(error("agent_type", kBlank)));
    EXPECT_THAT(errors_with(member("event_type", value)),
                ElementsAre(error("event_type", kBlank), error("event_type", kNoType)));
  }
}

TEST_F(ContractTest, TextsAreTrimmed) {
  const Event event =
      accepted(R"("session_id":" s1\n","agent_type":"\tmy agent ","event_type":" session_end ",)"
               R"("event_id":" e ","model":"\u00a0m\u3000","source":" s ")");
  EXPECT_EQ(event.session_id, "s1");
  EXPECT_EQ(event.agent_type, "my agent");
  EXPECT_EQ(event.event_type, EventType::session_end);
  EXPECT_EQ(event.event_id, "e");
  EXPECT_EQ(event.model, "m");
  EXPECT_EQ(event.source, "s");
}

TEST_F(ContractTest, AnUnknownTypeIsOneError) {
  for (const char* value : {R"("nope")", R"("Tool_use")", R"("tool_use2")"})
    EXPECT_THAT(errors_with(member("event_type", value)),
                ElementsAre(error("event_type", kNoType)));
}

TEST_F(ContractTest, StatusIsNotTrimmed) {
  for (const char* value : {R"(" success")", R"("")", R"("Error")", R"("ok")"})
    EXPECT_THAT(errors_with(member("status", value)), ElementsAre(error("status", kNoStatus)));
  for (const char* value : {"1", "false", "[]"})
    EXPECT_THAT(errors_with(member("status", value)),
                ElementsAre(error("status", kNoOptionalString)));
}

TEST_F(ContractTest, StatusFollowsTheTypeOnlyWhereItIsAbsent) {
  EXPECT_EQ(accepted(R"("event_type":"error")").status, EventStatus::error);
  EXPECT_EQ(accepted(R"("event_type":"error","status":null)").status, EventStatus::error);
  EXPECT_EQ(accepted(R"("event_type":"error","status":"success")").status, EventStatus::success);
  EXPECT_EQ(accepted(R"("event_type":"response","status":"error")").status, EventStatus::error);
}

TEST_F(ContractTest, OptionalTextsMustBeStrings) {
  for (const char* field : kOptionalTexts)
    for (const char* value : {"0", "false", "{}", R"(["x"])"})
      EXPECT_THAT(errors_with(member(field, value)), ElementsAre(error(field, kNoOptionalString)));
}

TEST_F(ContractTest, ABlankOptionalTextIsAbsent) {
  for (const char* value : {R"("")", R"("  ")", "null"}) {
    std::string members;
    for (const char* field : kOptionalTexts)
      members.append(members.empty() ? "" : ",").append(member(field, value));
    const Event event = accepted(members);
    EXPECT_EQ(event.event_id + event.tool_name + event.branch + event.project + event.model, "");
    EXPECT_EQ(event.source, "api");
  }
}

TEST_F(ContractTest, CountsMustBeNonNegativeIntegers) {
  for (const char* field : kCounts)
    for (const char* value : {"-1", "0.5", "-0.5", R"("5")", R"("")", "true", "[]", "{}", "1e999",
                              "-1e999", "9223372036854775808", "1e19", "18446744073709551617"})
      EXPECT_THAT(errors_with(member(field, value)), ElementsAre(error(field, kNoCount))) << value;
}

TEST_F(ContractTest, IntegralLiteralsOfAnyFormAreCounts) {
  const std::pair<const char*, std::int64_t> cases[] = {
      {"0", 0},      {"-0", 0},     {"5.0", 5},
      {"1e3", 1000}, {"5E0", 5},    {"9007199254740993", 9007199254740993},
      {"null", 0},   {"2.5e1", 25}, {"9223372036854775807", INT64_MAX}};
  for (const auto& [literal, value] : cases) {
    EXPECT_EQ(accepted(member("tokens_in", literal)).tokens_in, value) << literal;
    EXPECT_EQ(accepted(member("duration_ms", literal)).duration_ms, value) << literal;
  }
}

TEST_F(ContractTest, CostMustBeAFiniteNonNegativeNumber) {
  for (const char* value : {"-0.01", "-1", "1e999", "-1e999", R"("0.1")", "true", "[]", "{}"})
    EXPECT_THAT(errors_with(member("cost_usd", value)), ElementsAre(error("cost_usd", kNoCost)))
        << value;
}

TEST_F(ContractTest, AnExplicitCostOfZeroIsKept) {
  EXPECT_EQ(accepted(R"("cost_usd":0)").cost_usd, 0.0);
  EXPECT_EQ(accepted(R"("cost_usd":0.0105)").cost_usd, 0.0105);
  EXPECT_EQ(accepted(R"("cost_usd":null)").cost_usd, std::nullopt);
}

TEST_F(ContractTest, TimestampsMustBeStringsThatAreDates) {
  for (const char* value : {"1771410000000", "true", "{}", "[]"})
    EXPECT_THAT(errors_with(member("client_timestamp", value)),
                ElementsAre(error("client_timestamp", kNoTimestampString)));
  for (const char* value :
       {R"("")", R"("   ")", R"("2026-13-01")", R"("20260218")", R"("2026-W08")",
        R"("1771410000000")", R"("yesterday")", R"("2026-02-18T25:00:00Z")"})
    EXPECT_THAT(errors_with(member("client_timestamp", value)),
                ElementsAre(error("client_timestamp", kNoTimestamp)))
        << value;
}

TEST_F(ContractTest, TimestampsAreStoredAsIsoInUtc) {
  const std::pair<const char*, const char*> cases[] = {
      {"2026-02-18", "2026-02-18T00:00:00.000Z"},
      {"2026", "2026-01-01T00:00:00.000Z"},
      {"2026-02-18T10:20:30Z", "2026-02-18T10:20:30.000Z"},
      {"2026-02-18T10:20:30+05:30", "2026-02-18T04:50:30.000Z"},
      {"2026-02-18T10:20:30.1239Z", "2026-02-18T10:20:30.123Z"},
      {"Wed, 18 Feb 2026 10:00:00 GMT", "2026-02-18T10:00:00.000Z"},
      {"2026-02-30", "2026-03-02T00:00:00.000Z"},
      {"2026-02-18T24:00:00Z", "2026-02-19T00:00:00.000Z"},
      {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
      {"0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"}};
  for (const auto& [text, stored] : cases) {
    const std::string quoted = std::string("\"").append(text).append("\"");
    EXPECT_EQ(accepted(member("client_timestamp", quoted)).client_timestamp, stored);
  }
  EXPECT_EQ(accepted(R"("client_timestamp":null)").client_timestamp, "");
}

TEST_F(ContractTest, ATimestampThatLeavesTheYearsOfIsoTextIsNotValid) {
  for (const char* value : {R"("9999-12-31T23:59:59-01:00")", R"("9999-12-31T24:00:00Z")",
                            R"("0000-01-01T00:00:00+00:01")"})
    EXPECT_THAT(errors_with(member("client_timestamp", value)),
                ElementsAre(error("client_timestamp", kNoTimestamp)))
        << value;
}

TEST_F(ContractTest, ATimestampWithoutAZoneIsLocalTime) {
  const char* before = std::getenv("TZ");
  const std::string kept = before ? before : "";
  setenv("TZ", "XYZ-2", 1);  // two hours east
  tzset();
  EXPECT_EQ(accepted(R"("client_timestamp":"2026-02-18T10:20:30")").client_timestamp,
            "2026-02-18T08:20:30.000Z");
  EXPECT_EQ(accepted(R"("client_timestamp":"2026-02-18 10:20:30.5")").client_timestamp,
            "2026-02-18T08:20:30.500Z");
  before ? setenv("TZ", kept.c_str(), 1) : unsetenv("TZ");
  tzset();
}

TEST_F(ContractTest, EveryProblemIsToldInTheOrderOfTheContract) {
  EXPECT_THAT(
      errors_of(
          R"({"source":1,"client_timestamp":1,"cost_usd":"1","cache_write_tokens":-1,)"
          R"("cache_read_tokens":-1,"tokens_out":-1,"tokens_in":-1,"duration_ms":-1,"model":1,)"
          R"("project":1,"branch":1,"tool_name":1,"event_id":1,"status":1,"event_type":"",)"
          R"("agent_type":"","session_id":""})"),
      ElementsAre(error("session_id", kBlank), error("agent_type", kBlank),
                  error("event_type", kBlank), error("event_type", kNoType),
                  error("status", kNoOptionalString), error("event_id", kNoOptionalString),
                  error("tool_name", kNoOptionalString), error("branch", kNoOptionalString),
                  error("project", kNoOptionalString), error("model", kNoOptionalString),
                  error("duration_ms", kNoCount), error("tokens_in", kNoCount),
                  error("tokens_out", kNoCount), error("cache_read_tokens", kNoCount),
                  error("cache_write_tokens", kNoCount), error("cost_usd", kNoCost),
                  error("client_timestamp", kNoTimestampString),
                  error("source", kNoOptionalString)));
}

TEST_F(ContractTest, TheLastOfEqualNamesWins) {
  EXPECT_EQ(accepted(R"("tokens_in":"x","tokens_in":7)").tokens_in, 7);
  EXPECT_EQ(accepted(R"("branch":"main","branch":null)").branch, "");
  EXPECT_THAT(errors_with(R"("tokens_in":7,"tokens_in":"x")"),
              ElementsAre(error("tokens_in", kNoCount)));
  EXPECT_THAT(errors_with(R"("session_id":null)"), ElementsAre(error("session_id", kNoString)));
}

TEST_F(ContractTest, NamesAreExact) {
  EXPECT_THAT(errors_of(R"({"sessionId":"s","Agent_type":"a","event_type ":"tool_use","":1})"),
              ElementsAre(error("session_id", kNoString), error("agent_type", kNoString),
                          error("event_type", kNoString), error("event_type", kNoType)));
  EXPECT_EQ(accepted(R"("\u0062ranch":"main")").branch, "main");
}

TEST_F(ContractTest, MetadataIsAnyJsonAndNullIsNone) {
  const std::pair<const char*, const char*> cases[] = {{"null", "{}"},
                                                       {"false", "false"},
                                                       {"0", "0"},
                                                       {R"("")", R"("")"},
                                                       {R"("text")", R"("text")"},
                                                       {"[ 1, 2 ]", "[1,2]"},
                                                       {"{ }", "{}"},
                                                       {"1.0", "1"}};
  for (const auto& [json, stored] : cases) {
    const Event event = accepted(member("metadata", json));
    EXPECT_EQ(event.metadata, stored);
    EXPECT_FALSE(event.payload_truncated);
  }
}

TEST_F(ContractTest, MetadataIsCutToTheLimit) {
  const Event event = accepted(R"("metadata":{"path":"x","blob":"0123456789"})", 60);
  EXPECT_FALSE(event.payload_truncated);
  const Event cut =
      accepted(R"("metadata":{"path":"x","blob":"0123456789012345678901234567890123456789"})", 60);
  EXPECT_EQ(cut.metadata, R"({"_truncated":true,"_original_bytes":62,"path":"x"})");
  EXPECT_TRUE(cut.payload_truncated);
}

TEST_F(ContractTest, ALimitOfZeroTruncatesEvenAbsentMetadata) {
  for (const char* members : {"", R"("metadata":null)", R"("metadata":{})", R"("metadata":1)"}) {
    const Event event = accepted(members, 0);
    EXPECT_EQ(event.metadata, "{}");
    EXPECT_TRUE(event.payload_truncated) << members;
  }
}

TEST_F(ContractTest, ErrorsAreWrittenAsTheBodyOfTheReply) {
  const FieldErrors errors = {{"body", "must be a JSON object"}, {"f", "\"quoted\""}};
  EXPECT_EQ(to_json(errors), R"({"error":"Invalid event payload","details":[)"
                             R"({"field":"body","message":"must be a JSON object"},)"
                             R"({"field":"f","message":"\"quoted\""}]})");
}

class RecoverJsonTest : public testing::Test {
 protected:
  /// Compact, or "text" where no object, array or other value came out.
  std::string recovered(std::string_view body) {
    const base::json::Value value = recover_json(body, document_);
    if (value.is(base::json::Kind::string)) return "text";
    std::string json;
    base::json::append_value(json, value);
    return json;
  }
  static std::string quoted(std::string_view text) {
    std::string json;
    base::json::append_string(json, text);
    return json;
  }

  base::json::Document document_;
};

TEST_F(RecoverJsonTest, PlainJsonIsReadAsItIs) {
  EXPECT_EQ(recovered(R"({"a":1})"), R"({"a":1})");
  EXPECT_EQ(recovered("[1]"), "[1]");
  EXPECT_EQ(recovered("7"), "7");
  EXPECT_EQ(recovered("null"), "null");
}

TEST_F(RecoverJsonTest, WhiteSpaceOfJavaScriptAroundTheBodyIsIgnored) {
  EXPECT_EQ(recovered("\n\t {\"a\":1} \r\n"), R"({"a":1})");
  EXPECT_EQ(recovered("\xEF\xBB\xBF{\"a\":1}\xC2\xA0"), R"({"a":1})");
}

TEST_F(RecoverJsonTest, AnObjectInsideAStringIsReadLikeTheObject) {
  EXPECT_EQ(recovered(quoted(R"({"a":"b \"c\""})")), R"({"a":"b \"c\""})");
  EXPECT_EQ(recovered(quoted("  [1,2]\n")), "[1,2]");
}

TEST_F(RecoverJsonTest, AStringOfAStringIsText) {
  EXPECT_EQ(recovered(quoted(quoted(R"({"a":1})"))), "text");
  EXPECT_EQ(recovered(R"("just a string")"), "text");
  EXPECT_EQ(recovered(R"("")"), "text");
}

TEST_F(RecoverJsonTest, QuotesThatWereAddedWithoutEscapesAreStrippedOneByOne) {
  EXPECT_EQ(recovered(R"("{"a":1}")"), R"({"a":1})");
  EXPECT_EQ(recovered(R"(""{"a":1}"")"), R"({"a":1})");
  EXPECT_EQ(recovered(R"(" {"a":1} ")"), R"({"a":1})");
}

TEST_F(RecoverJsonTest, TheThirdRoundIsTheLast) {
  EXPECT_EQ(recovered(R"("""{"a":1}""")"), "text");
  EXPECT_EQ(recovered("\"" + quoted(R"({"a":1})") + "\""), R"({"a":1})");  // strip, read, read
  EXPECT_EQ(recovered("\"\"" + quoted(R"({"a":1})") + "\"\""), "text");    // one round too many
}

TEST_F(RecoverJsonTest, AStrippedTextThatIsAStringEndsThere) {
  EXPECT_EQ(recovered(R"(""just a string"")"), "text");
}

TEST_F(RecoverJsonTest, WhatIsNoJsonIsText) {
  for (const char* body : {"", " ", "\"", "\"\"\"", "{", "{]", "nope", "{\"a\":1} x", "\"{bad}\"",
                           "{\"a\":\"\xFF\"}", "\"unclosed"})
    EXPECT_EQ(recovered(body), "text") << body;
}

TEST_F(RecoverJsonTest, TextIsAnEventWithoutABody) {
  const ParsedEvent parsed = parse_event(recover_json(R"(""just a string"")", document_), {});
  const auto& errors = std::get<FieldErrors>(parsed);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].field, "body");
  EXPECT_EQ(errors[0].message, "must be a JSON object");
}

TEST_F(RecoverJsonTest, ADocumentIsReusable) {
  EXPECT_EQ(recovered(quoted(R"({"a":1})")), R"({"a":1})");
  EXPECT_EQ(recovered("nope"), "text");
  EXPECT_EQ(recovered(R"({"b":2})"), R"({"b":2})");
}

}  // namespace
}  // namespace monitor
