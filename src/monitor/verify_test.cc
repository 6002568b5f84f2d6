#include "monitor/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "import_fixture.h"

namespace monitor {
namespace {

using Kind = Verification::Difference::Kind;

constexpr const char* kAnswers =
    R"({"type":"assistant","requestId":"r","message":{"id":"m","model":"claude-sonnet-4-5","usage":{"input_tokens":3,"output_tokens":10}}}
{"type":"assistant","requestId":"r","message":{"id":"m","model":"claude-sonnet-4-5","usage":{"input_tokens":3,"output_tokens":25}}}
{"type":"assistant","model":"claude-sonnet-4-5","usage":{"input_tokens":7,"output_tokens":1}}
)";
constexpr const char* kRollout =
    R"({"timestamp":"2026-02-20T09:00:00Z","type":"session_meta","payload":{"id":"c","cwd":"/shop"}}
{"timestamp":"2026-02-20T09:00:07Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":10,"output_tokens":2}}}}
)";
constexpr const char* kMore =
    R"({"timestamp":"2026-02-20T09:00:09Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":30,"output_tokens":4}}}}
)";

class VerifyTest : public ImportTest {
 protected:
  VerifyTest() {
    write("claude/p/a.jsonl", kAnswers);
    write("codex/sessions/c.jsonl", kRollout);
    import();
  }

  Verification verify() {
    store::Database db = reader();
    auto result = verify_import(db, places_, 10240, *this);
    EXPECT_TRUE(result) << result.error().what;
    return std::move(*result);
  }
  /// The only difference.
  Verification::Difference difference() {
    const Verification result = verify();
    EXPECT_FALSE(result.is_equal());
    EXPECT_EQ(result.differences.size(), 1u);
    return result.differences.empty() ? Verification::Difference{} : result.differences.front();
  }
};

TEST_F(VerifyTest, WhatWasImportedIsEqual) {
  const Verification result = verify();
  EXPECT_TRUE(result.is_equal());
  EXPECT_EQ(result.files, 2);
  EXPECT_EQ(result.events, 6);
  EXPECT_EQ(result.lines.lines, 5u);
}

TEST_F(VerifyTest, AnEventThatIsNotStoredIsMissing) {
  by_another_program("DELETE FROM events WHERE session_id = 'a' AND tokens_in = 7");
  const auto found = difference();
  EXPECT_EQ(found.kind, Kind::missing);
  EXPECT_TRUE(found.path.ends_with("a.jsonl"));
  EXPECT_TRUE(found.what.starts_with("import-cc-"));
  EXPECT_EQ(verify().missing, 1);
}

TEST_F(VerifyTest, WhatIsMissingCanBeBroughtIn) {
  by_another_program("DELETE FROM events WHERE tokens_out IN (10, 2)");
  EXPECT_EQ(verify().missing, 2);
  import(forced());
  EXPECT_TRUE(verify().is_equal());
}

TEST_F(VerifyTest, EachFieldOfAnEventCounts) {
  const std::pair<const char*, const char*> changes[] = {
      {"event_type = 'error'", "event_type"},
      {"tool_name = 't'", "tool_name"},
      {"status = 'error'", "status"},
      {"client_timestamp = 't'", "client_timestamp"},
      {"model = 'm'", "model"},
      {"metadata = '{ }'", "metadata"},
      {"duration_ms = 5", "duration_ms"},
      {"tokens_in = 8", "tokens"},
      {"cache_write_tokens = 8", "tokens"},
      {"session_id = 'b'", "session_id"}};
  for (const auto& [change, field] : changes) {
    by_another_program(std::string("CREATE TABLE kept AS SELECT * FROM events;"
                                   "UPDATE events SET ") +
                       change + " WHERE tokens_in = 7");
    const auto found = difference();
    EXPECT_EQ(found.kind, Kind::changed) << change;
    EXPECT_EQ(found.field, field);
    by_another_program(
        "DELETE FROM events; INSERT INTO events SELECT * FROM kept; DROP TABLE kept");
    ASSERT_TRUE(verify().is_equal());
  }
}

TEST_F(VerifyTest, OfAMessageTheSumCounts) {
  EXPECT_EQ(number("SELECT sum(tokens_out) FROM events WHERE session_id = 'a'"), 26);
  by_another_program("UPDATE events SET tokens_out = tokens_out + 15 WHERE tokens_out = 10");
  const auto found = difference();
  EXPECT_EQ(found.kind, Kind::changed);
  EXPECT_EQ(found.field, "tokens");
  EXPECT_TRUE(found.path.ends_with("a.jsonl")) << found.path;
  by_another_program("UPDATE events SET tokens_out = 0 WHERE tokens_out = 15");
  EXPECT_TRUE(verify().is_equal()) << "which line carries them does not count";
}

TEST_F(VerifyTest, ImportedEventsThatTheLogsDoNotMakeAreExtra) {
  by_another_program(
      "INSERT INTO events(event_id, session_id, agent_type, event_type, source) VALUES"
      "('import-cc-x', 'a', 'claude_code', 'response', 'import'),"
      "('import-cc-y', 'gone', 'claude_code', 'response', 'import'),"
      "('own', 'a', 'claude_code', 'response', 'import'),"
      "(NULL, 'a', 'claude_code', 'response', 'hook')");
  const auto found = difference();
  EXPECT_EQ(found.kind, Kind::extra);
  EXPECT_EQ(found.what, "a");
  EXPECT_EQ(verify().extra, 1);
}

TEST_F(VerifyTest, ASessionThatWentOnAfterItsImportIsMissingWhatIsNew) {
  write("codex/sessions/c.jsonl", std::string(kRollout) + kMore);
  EXPECT_EQ(difference().kind, Kind::missing);
  import();
  EXPECT_TRUE(verify().is_equal());
}

TEST_F(VerifyTest, ALogThatCannotBeReadIsTold) {
  std::filesystem::remove(folder_ / "claude/p/a.jsonl");
  EXPECT_TRUE(verify().is_equal()) << "agents remove their old logs";
}

}  // namespace
}  // namespace monitor
