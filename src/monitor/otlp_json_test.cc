#include <gtest/gtest.h>

#include "otlp_attributes.h"
#include "otlp_examples.h"

namespace monitor::otlp {
namespace {

class OtlpJsonTest : public testing::Test {
 protected:
  Logs logs(std::string_view json) { return parse_logs(document_.parse(json).value()).value(); }
  Traces traces(std::string_view json) {
    return parse_traces(document_.parse(json).value()).value();
  }

  /// The one record with these members; how many were broken is in `broken_`.
  std::optional<LogRecord> record(std::string_view members) {
    const Logs read = logs(R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{)" +
                           std::string(members) + "}]}]}]}");
    EXPECT_EQ(read.received, 1u);
    broken_ = read.broken;
    const auto& records = read.groups.front().records;
    return records.empty() ? std::nullopt : std::optional(records.front());
  }
  /// What an attribute of this AnyValue holds, as compact JSON.
  std::string value(std::string_view any) {
    const auto read = record(R"("attributes":[{"key":"a","value":)" + std::string(any) + "}]");
    if (!read) return "broken";
    std::string json;
    append_json(json, read->attributes.front().value);
    return json;
  }
  std::optional<Metric> metric(std::string_view members) {
    const std::string json =
        R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{)" + std::string(members) + "}]}]}]}";
    const Metrics read = parse_metrics(document_.parse(json).value()).value();
    broken_ = read.broken;
    const auto& metrics = read.groups.front().records;
    return metrics.empty() ? std::nullopt : std::optional(metrics.front());
  }

  base::json::Document document_;
  std::size_t broken_ = 0;
};

TEST_F(OtlpJsonTest, MissingLevelsAreEmpty) {
  for (const std::string_view json :
       {"{}", "[]", R"({"resourceLogs":null})", R"({"resourceLogs":[]})",
        R"({"resourceLogs":[{}]})", R"({"resourceLogs":[{"scopeLogs":[{}]}]})",
        R"({"resourceLogs":[{"scopeLogs":null}]})",
        R"({"resourceLogs":[{"resource":{},"scopeLogs":[{"logRecords":[]}]}]})"}) {
    const Logs read = logs(json);
    EXPECT_EQ(read.received, 0u) << json;
    EXPECT_EQ(read.broken, 0u) << json;
  }
}

TEST_F(OtlpJsonTest, AListThatIsNoneIsABrokenRecord) {
  for (const std::string_view json :
       {R"({"resourceLogs":5})", R"({"resourceLogs":[{"scopeLogs":{}}]})",
        R"({"resourceLogs":[{"scopeLogs":[{"logRecords":"x"}]}]})",
        R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[5]}]}]})"}) {
    const Logs read = logs(json);
    EXPECT_EQ(read.received, 1u) << json;
    EXPECT_EQ(read.broken, 1u) << json;
  }
}

TEST_F(OtlpJsonTest, ValuesAreReadByTheirKind) {
  EXPECT_EQ(value(R"({"stringValue":"x"})"), R"("x")");
  EXPECT_EQ(value(R"({"intValue":"640"})"), "640");
  EXPECT_EQ(value(R"({"intValue":-640})"), "-640");
  EXPECT_EQ(value(R"({"intValue":"99999999999999999999"})"), "100000000000000000000");
  EXPECT_EQ(value(R"({"doubleValue":0.5})"), "0.5");
  EXPECT_EQ(value(R"({"doubleValue":"0.5"})"), "0.5");
  EXPECT_EQ(value(R"({"boolValue":false})"), "false");
  EXPECT_EQ(value(R"({"arrayValue":{"values":[{"intValue":1},{},{"stringValue":"x"}]}})"),
            R"([1,null,"x"])");
  EXPECT_EQ(value(R"({"arrayValue":{}})"), "[]");
  EXPECT_EQ(value(R"({"kvlistValue":{"values":[{"key":"k","value":{"intValue":1}}]}})"),
            R"({"k":1})");
}

TEST_F(OtlpJsonTest, AValueOfTheWrongTypeIsEmpty) {
  for (const std::string_view any :
       {"{}", "5", R"({"stringValue":5})", R"({"intValue":"x"})", R"({"intValue":{}})",
        R"({"doubleValue":true})", R"({"boolValue":1})", R"({"bytesValue":"AAAA"})"})
    EXPECT_EQ(value(any), "null") << any;
}

TEST_F(OtlpJsonTest, AnAttributeWithoutAValueBreaksItsRecord) {
  for (const std::string_view members :
       {R"("attributes":[{"key":"a"}])", R"("attributes":[{"key":"a","value":null}])",
        R"("attributes":[5])", R"("attributes":{})", R"("attributes":"x")",
        R"("body":{"kvlistValue":{"values":[{"key":"a"}]}})",
        R"("body":{"arrayValue":{"values":5}})"}) {
    EXPECT_FALSE(record(members)) << members;
    EXPECT_EQ(broken_, 1u);
  }
}

TEST_F(OtlpJsonTest, ABrokenRecordDoesNotTakeTheOthersWithIt) {
  const Logs read = logs(
      R"({"resourceLogs":[5,{"scopeLogs":[{"logRecords":[{"severityText":"A"},
      {"attributes":5},{"severityText":"B"}]}]}]})");
  EXPECT_EQ(read.received, 3u);
  EXPECT_EQ(read.broken, 1u);
  ASSERT_EQ(read.groups.back().records.size(), 2u);
  EXPECT_EQ(read.groups.back().records[1].severity_text, "B");
}

TEST_F(OtlpJsonTest, WithoutItsResourceNoRecordIsWhole) {
  const Logs read = logs(
      R"({"resourceLogs":[{"resource":{"attributes":[{"key":"a"}]},
      "scopeLogs":[{"logRecords":[{},{}]}]}]})");
  EXPECT_EQ(read.received, 2u);
  EXPECT_EQ(read.broken, 2u);
}

TEST_F(OtlpJsonTest, ATimeIsANumberOrDigits) {
  const auto time = [&](std::string_view json) {
    const auto read = record(R"("timeUnixNano":)" + std::string(json));
    return read ? std::to_string(read->time_unix_nano) : "broken";
  };
  EXPECT_EQ(time(R"("1771999200000000000")"), "1771999200000000000");
  EXPECT_EQ(time("1771999200000000000"), "1771999200000000000");
  EXPECT_EQ(time("1.5e18"), "1500000000000000000");
  for (const std::string_view none : {"null", "0", R"("0")", "-5", R"("-5")", R"("")"})
    EXPECT_EQ(time(none), "0") << none;
  for (const std::string_view broken :
       {R"("soon")", R"("1.5")", "true", "{}", "1e30", R"("99999999999999999999")"})
    EXPECT_EQ(time(broken), "broken") << broken;
}

TEST_F(OtlpJsonTest, ARecordMayHaveItsNameUnderTheFormerName) {
  EXPECT_EQ(record(R"("name":"former")")->event_name, "former");
  EXPECT_EQ(record(R"("name":"former","eventName":"present")")->event_name, "present");
}

TEST_F(OtlpJsonTest, NestingHasALimit) {
  const auto nested = [](int levels) {
    std::string json = R"({"intValue":1})";
    for (int i = 1; i < levels; ++i) json = R"({"arrayValue":{"values":[)" + json + "]}}";
    return json;
  };
  EXPECT_NE(value(nested(kMaxDepth)), "broken");
  EXPECT_EQ(value(nested(kMaxDepth + 1)), "broken");
}

TEST_F(OtlpJsonTest, PointsOfSumsAndGaugesAreRead) {
  const auto sum = metric(
      R"("name":"n","sum":{"aggregationTemporality":2,"dataPoints":[{"asInt":"5"},{"asInt":6},
      {"asDouble":0.5,"asInt":7},{}]})");
  ASSERT_TRUE(sum);
  EXPECT_TRUE(sum->is_cumulative);
  ASSERT_EQ(sum->points.size(), 4u);
  EXPECT_EQ(sum->points[0].value, 5);
  EXPECT_EQ(sum->points[1].value, 6);
  EXPECT_EQ(sum->points[2].value, 0.5);
  EXPECT_EQ(sum->points[3].value, 0);
  const auto gauge = metric(R"("gauge":{"dataPoints":[{"asDouble":1}]})");
  ASSERT_TRUE(gauge);
  EXPECT_FALSE(gauge->is_cumulative);
  EXPECT_FALSE(metric(R"("histogram":{"dataPoints":[{}]})"));
  EXPECT_EQ(broken_, 0u);
}

TEST_F(OtlpJsonTest, OnlyTheNumberTwoMeansCumulative) {
  for (const std::string_view other :
       {"1", "0", R"("2")", "null", R"("AGGREGATION_TEMPORALITY_CUMULATIVE")"})
    EXPECT_FALSE(
        metric(R"("sum":{"dataPoints":[{}],"aggregationTemporality":)" + std::string(other) + "}")
            ->is_cumulative);
}

TEST_F(OtlpJsonTest, BrokenPointsAreCountedAlone) {
  const auto read = metric(
      R"("sum":{"dataPoints":[5,{"asInt":"x"},{"asDouble":true},{"attributes":5},{"asInt":1}]})");
  EXPECT_EQ(read->points.size(), 1u);
  EXPECT_EQ(broken_, 4u);
}

TEST_F(OtlpJsonTest, SpansHaveIdsAndAStatus) {
  const Traces read = traces(
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[
      {"traceId":"0AF7","spanId":"B7","name":"n","startTimeUnixNano":"5","endTimeUnixNano":"6",
       "status":{"code":2,"message":"m"}},{"traceId":"0AF7"},{}]}]}]})");
  EXPECT_EQ(read.broken, 2u);
  const Span& span = read.groups.front().records.front();
  EXPECT_EQ(span.trace_id, "0af7");
  EXPECT_EQ(span.span_id, "b7");
  EXPECT_EQ(span.name, "n");
  EXPECT_EQ(span.start_unix_nano, 5u);
  EXPECT_EQ(span.end_unix_nano, 6u);
  EXPECT_TRUE(span.has_failed);
  EXPECT_EQ(span.status_message, "m");
}

TEST_F(OtlpJsonTest, TooManyRecordsAreRefused) {
  std::string records = "{}";
  for (std::size_t i = 0; i < kMaxRecords; ++i) records += ",{}";
  const std::string json = R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[)" + records + "]}]}]}";
  const auto read = parse_logs(document_.parse(json).value());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, base::Errc::invalid_argument);
  EXPECT_EQ(read.error().what, "more than 32768 records in one request");
}

TEST_F(OtlpJsonTest, TooManyAttributesAreRefused) {
  std::string list = R"({"value":{}})";
  for (std::size_t i = 0; i < kMaxValues; ++i) list += R"(,{"value":{}})";
  const std::string json = R"({"resourceLogs":[{"resource":{"attributes":[)" + list + "]}}]}";
  EXPECT_FALSE(parse_logs(document_.parse(json).value()));
}

}  // namespace
}  // namespace monitor::otlp
