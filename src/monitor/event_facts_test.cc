#include "event_facts.h"

#include <gtest/gtest.h>

#include "store/sqlite.h"
#include "test_executor.h"
#include "usage_totals.h"

namespace monitor {
namespace {

/// What is found here, against what SQLite finds.
class EventFactsTest : public testing::Test {
 protected:
  static EventFacts facts(const std::string& metadata, const std::string& tool = "Edit") {
    Event event;
    event.tool_name = tool;
    event.metadata = metadata;
    return facts_of(event);
  }
  static EventFacts of_time(const std::string& text) {
    Event event;
    event.client_timestamp = text;
    return facts_of(event);
  }
  /// Whether SQLite extracts `value`, too. 1000 and 1000.0 are one value.
  bool is_extracted(const SqlValue& value, const std::string& metadata) {
    auto same = *db_.prepare("SELECT json_extract(?1, '$.file_path') IS ?2");
    same.bind_one(1, metadata);
    same.bind_one(2, nullptr);
    if (const auto* text = std::get_if<std::string>(&value)) same.bind_one(2, *text);
    if (const auto* integer = std::get_if<std::int64_t>(&value)) same.bind_one(2, *integer);
    if (const auto* real = std::get_if<double>(&value)) same.bind_one(2, *real);
    EXPECT_TRUE(*same.step());
    return same.integer(0) != 0;
  }

  support::TemporaryFolder folder_;
  store::Database db_ = *store::Database::open(folder_ / "empty.db", store::Access::read_write);
};

constexpr const char* kValues[] = {R"(5)",
                                   R"(-5)",
                                   R"(0)",
                                   R"(2.9)",
                                   R"(-2.9)",
                                   R"(1e3)",
                                   R"("12")",
                                   R"(" \n-12x")",
                                   R"("+7")",
                                   R"("x")",
                                   R"("")",
                                   R"("1e3")",
                                   R"("0x10")",
                                   R"(true)",
                                   R"(false)",
                                   R"(null)",
                                   R"([5,6])",
                                   R"({"a":1})",
                                   R"("é/ñ")",
                                   R"("a\u0000b")",
                                   R"("\"q\"")",
                                   R"(9223372036854775807)",
                                   R"(-9223372036854775808)",
                                   R"(9223372036854775808)",
                                   R"(99999999999999999999999)",
                                   R"(-99999999999999999999)",
                                   R"("9223372036854775807")",
                                   R"("-9223372036854775808")",
                                   R"("9223372036854775808")",
                                   R"("-99999999999999999999")",
                                   R"(1e999)"};

TEST_F(EventFactsTest, LinesAreWhatSqliteCastsThemTo) {
  for (const std::string value : kValues) {
    SCOPED_TRACE(value);
    const std::string metadata = "{\"lines_added\":" + value + ",\"lines_removed\":" + value + "}";
    const auto expected = db_.integer(
        "SELECT coalesce(CAST(json_extract(?1, '$.lines_added') AS INTEGER), 0)", metadata);
    EXPECT_EQ(facts(metadata, "").lines_added, *expected);
    EXPECT_EQ(facts(metadata, "").lines_removed, *expected);
  }
}

TEST_F(EventFactsTest, AFileIsWhatSqliteExtracts) {
  for (const std::string value : kValues) {
    SCOPED_TRACE(value);
    const std::string metadata = "{\"file_path\":" + value + "}";
    EXPECT_TRUE(is_extracted(facts(metadata).file_path, metadata));
  }
}

TEST_F(EventFactsTest, OnlyToolsThatEditHaveFiles) {
  const std::string metadata = R"({"file_path":"/a","lines_added":3})";
  for (const char* tool : {"Edit", "Write", "MultiEdit", "apply_patch", "write_stdin"})
    EXPECT_EQ(facts(metadata, tool).file_path, SqlValue("/a")) << tool;
  for (const char* tool : {"Read", "", "edit", "Bash"}) {
    EXPECT_EQ(facts(metadata, tool).file_path, SqlValue()) << tool;
    EXPECT_EQ(facts(metadata, tool).lines_added, 3) << tool;
  }
}

TEST_F(EventFactsTest, WhatIsNoObjectHasNeither) {
  for (const char* metadata :
       {"{}", "", "[\"file_path\",\"lines_added\"]", "\"file_path lines_added\"",
        "{\"file_path\":\"/a\",\"lines_added\":1", R"({"a":{"file_path":"/a","lines_added":1}})"}) {
    EXPECT_EQ(facts(metadata).file_path, SqlValue()) << metadata;
    EXPECT_EQ(facts(metadata).lines_added, 0) << metadata;
  }
}

TEST_F(EventFactsTest, APlainTimeIsReadAsSqliteReadsIt) {
  for (const char* text :
       {"2026-03-01T12:00:00Z", "2026-03-01T12:00:00.999Z", "1970-01-01T00:00:00.000Z",
        "1969-12-31T23:59:59.001Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z",
        "2024-02-29T23:59:59.500Z"}) {
    const auto facts = of_time(text);
    EXPECT_EQ(facts.client_at, *db_.integer("SELECT CAST(strftime('%s', ?1) AS INTEGER)", text))
        << text;
    EXPECT_FALSE(facts.asks_sqlite) << text;
  }
}

TEST_F(EventFactsTest, AnyOtherTimeIsLeftToSqlite) {
  for (const char* text :
       {"2026-03-01", "2026-03-01 12:00:00", "2026-03-01T12:00:00", "2026-03-01T12:00:00+01:00",
        "2026-03-01T12:00:00.12Z", "2026-03-01T12:00:00,123Z", "2026-02-30T12:00:00Z",
        "2026-03-01T24:00:00Z", "2026-13-01T12:00:00Z", "2026-03-01T12:60:00Z",
        "2026-03-01T12:00:60Z", "-026-03-01T12:00:00Z", "2026-03-01T12:00: 0Z", "soon", " ",
        "20260301T120000.000000Z0"}) {
    EXPECT_FALSE(of_time(text).client_at) << text;
    EXPECT_TRUE(of_time(text).asks_sqlite) << text;
  }
  EXPECT_FALSE(of_time("").asks_sqlite);
}

TEST_F(EventFactsTest, SlotsOfTimesBefore1970AreThoseOfSql) {
  for (const std::int64_t at : {0, 899, 900, -1, -899, -900, -901, 1772366400}) {
    const std::string sql = "SELECT " + std::string(kUsageSlot) +
                            " FROM (SELECT NULL AS client_timestamp, "
                            "datetime(?1, 'unixepoch') AS created_at) e";
    EXPECT_EQ(usage_slot(at), **db_.integer(sql, at)) << at;
  }
}

}  // namespace
}  // namespace monitor
