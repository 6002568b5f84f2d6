#include <gtest/gtest.h>

#include <protozero/pbf_writer.hpp>

#include "otlp_attributes.h"
#include "otlp_examples.h"

namespace monitor::otlp {
namespace {

using protozero::pbf_writer;

/// The message that `write` fills.
template <class Write>
std::string message(Write write) {
  std::string bytes;
  pbf_writer writer(bytes);
  write(writer);
  return bytes;
}
/// A message within messages: the numbers of the fields from the outside in.
std::string within(std::initializer_list<std::uint32_t> path, std::string bytes) {
  for (auto number = std::rbegin(path); number != std::rend(path); ++number)
    bytes = message([&](pbf_writer& outer) { outer.add_message(*number, bytes); });
  return bytes;
}
std::string attribute(std::string_view key, const std::string& any) {
  return message([&](pbf_writer& pair) {
    pair.add_string(1, key.data(), key.size());
    pair.add_message(2, any);
  });
}
std::string any_text(const std::string& text) {
  return message([&](pbf_writer& any) { any.add_string(1, text); });
}

/// The value of an AnyValue of these bytes, as compact JSON.
std::string value(const std::string& any) {
  const std::string request = within({1, 2, 2, 5}, any);
  const Logs logs = parse_logs(std::string_view(request)).value();
  if (logs.broken > 0) return "broken";
  std::string json;
  append_json(json, logs.groups.front().records.front().body);
  return json;
}

TEST(OtlpProtobufTest, ALogRecordIsReadWithItsResourceBehindIt) {
  const std::string record = message([](pbf_writer& fields) {
    fields.add_fixed64(1, 1'771'999'200'000'000'000);
    fields.add_enum(2, 17);
    fields.add_string(3, "ERROR");
    fields.add_message(5, any_text("body"));
    fields.add_message(6, attribute("a", any_text("x")));
    fields.add_message(6, attribute("b", ""));
    fields.add_fixed32(8, 1);
    fields.add_fixed64(11, 7);
    fields.add_string(12, "codex.error");
  });
  const std::string group = message([&](pbf_writer& fields) {
    fields.add_message(2, within({2}, record));
    fields.add_message(1, within({1}, attribute("service.name", any_text("codex"))));
  });
  const std::string request = within({1}, group);
  const Logs logs = parse_logs(std::string_view(request)).value();
  EXPECT_EQ(logs.received, 1u);
  EXPECT_EQ(logs.broken, 0u);
  EXPECT_EQ(text_of(logs.groups.front().resource, {"service.name"}), "codex");
  const LogRecord& read = logs.groups.front().records.front();
  EXPECT_EQ(read.time_unix_nano, 1'771'999'200'000'000'000u);
  EXPECT_EQ(read.severity_text, "ERROR");
  EXPECT_EQ(read.event_name, "codex.error");
  EXPECT_EQ(to_text(read.body), "body");
  ASSERT_EQ(read.attributes.size(), 2u);
  EXPECT_EQ(text_of(read.attributes, {"a"}), "x");
}

TEST(OtlpProtobufTest, ValuesAreReadByTheirKind) {
  EXPECT_EQ(value(""), "null");
  EXPECT_EQ(value(any_text("x")), R"("x")");
  EXPECT_EQ(value(message([](pbf_writer& any) { any.add_bool(2, true); })), "true");
  EXPECT_EQ(value(message([](pbf_writer& any) { any.add_int64(3, -5); })), "-5");
  EXPECT_EQ(value(message([](pbf_writer& any) { any.add_double(4, 0.5); })), "0.5");
  EXPECT_EQ(value(within({5, 1}, any_text("x"))), R"(["x"])");
  EXPECT_EQ(value(within({6, 1}, attribute("k", any_text("x")))), R"({"k":"x"})");
  EXPECT_EQ(value(message([](pbf_writer& any) { any.add_bytes(7, "x"); })), "null");
  EXPECT_EQ(value(any_text("a\xFF")), "\"a\xEF\xBF\xBD\"");
}

TEST(OtlpProtobufTest, NestingHasALimit) {
  const auto nested = [](int levels) {
    std::string any = any_text("x");
    for (int i = 1; i < levels; ++i) any = within({5, 1}, any);
    return any;
  };
  EXPECT_NE(value(nested(kMaxDepth)), "broken");
  EXPECT_EQ(value(nested(kMaxDepth + 1)), "broken");
}

TEST(OtlpProtobufTest, PointsOfSumsAndGaugesAreRead) {
  const std::string metric = message([](pbf_writer& fields) {
    fields.add_string(1, "claude_code.token.usage");
    fields.add_message(7, message([](pbf_writer& sum) {
                         sum.add_message(1, message([](pbf_writer& point) {
                                           point.add_sfixed64(6, 5);
                                           point.add_message(7, attribute("type", any_text("x")));
                                         }));
                         sum.add_message(1, message([](pbf_writer& p) { p.add_double(4, 0.5); }));
                         sum.add_enum(2, 2);
                         sum.add_bool(3, true);
                       }));
  });
  const std::string request = within({1, 2, 2}, metric);
  const Metrics metrics = parse_metrics(std::string_view(request)).value();
  EXPECT_EQ(metrics.received, 2u);
  const Metric& read = metrics.groups.front().records.front();
  EXPECT_TRUE(read.is_cumulative);
  EXPECT_EQ(read.points[0].value, 5);
  EXPECT_EQ(text_of(read.points[0].attributes, {"type"}), "x");
  EXPECT_EQ(read.points[1].value, 0.5);
  const std::string gauge = within({1, 2, 2, 5, 1}, "");
  EXPECT_EQ(parse_metrics(std::string_view(gauge)).value().received, 1u);
}

TEST(OtlpProtobufTest, SpansHaveIdsAndAStatus) {
  const std::string span = message([](pbf_writer& fields) {
    fields.add_bytes(1, "\x0a\xf7");
    fields.add_bytes(2, "\xb7");
    fields.add_string(5, "n");
    fields.add_fixed64(7, 5);
    fields.add_fixed64(8, 6);
    fields.add_message(9, attribute("a", any_text("x")));
    fields.add_message(15, message([](pbf_writer& status) {
                         status.add_string(2, "m");
                         status.add_enum(3, 2);
                       }));
  });
  const std::string request = within({1, 2, 2}, span) + within({1, 2, 2}, "");
  const Traces traces = parse_traces(std::string_view(request)).value();
  EXPECT_EQ(traces.received, 2u);
  EXPECT_EQ(traces.broken, 1u);  // the one without ids
  const Span& read = traces.groups.front().records.front();
  EXPECT_EQ(read.trace_id, "0af7");
  EXPECT_EQ(read.span_id, "b7");
  EXPECT_EQ(read.name, "n");
  EXPECT_EQ(read.start_unix_nano, 5u);
  EXPECT_EQ(read.end_unix_nano, 6u);
  EXPECT_TRUE(read.has_failed);
  EXPECT_EQ(read.status_message, "m");
  EXPECT_EQ(text_of(read.attributes, {"a"}), "x");
}

TEST(OtlpProtobufTest, WhatIsNoProtobufIsRefused) {
  const std::string whole = within({1, 2, 2, 6}, attribute("a", any_text("x")));
  for (std::size_t size = 1; size < whole.size(); ++size)
    EXPECT_FALSE(parse_logs(std::string_view(whole).substr(0, size))) << size;
  for (const std::string_view text : {"{}", R"({"resourceLogs":[]})", "not protobuf", "hello",
                                      "\x01\x02\x03", "\xFF\xFF\xFF\xFF\xFF\xFF"}) {
    const auto read = parse_logs(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, base::Errc::corrupt);
  }
}

TEST(OtlpProtobufTest, UnknownFieldsAndOtherWireTypesAreSkipped) {
  const std::string odd = message([](pbf_writer& fields) {
    fields.add_int64(1, 5);
    fields.add_string(99, "new");
  });
  EXPECT_EQ(parse_logs(std::string_view(odd)).value().received, 0u);
  EXPECT_EQ(parse_logs(std::string_view()).value().received, 0u);
  const std::string request = within({1, 2, 2}, odd);
  EXPECT_EQ(parse_logs(std::string_view(request)).value().broken, 0u);
}

TEST(OtlpProtobufTest, TooManyRecordsOrAttributesAreRefused) {
  std::string records, attributes;
  for (std::size_t i = 0; i <= kMaxRecords; ++i) records += std::string("\x12\x00", 2);
  for (std::size_t i = 0; i <= kMaxValues; ++i) attributes += std::string("\x0A\x00", 2);
  for (const std::string& request : {within({1, 2}, records), within({1, 1}, attributes)}) {
    const auto read = parse_logs(std::string_view(request));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, base::Errc::invalid_argument);
  }
}

}  // namespace
}  // namespace monitor::otlp
