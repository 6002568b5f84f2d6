#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/text.h"
#include "monitor/otlp.h"
#include "otlp_intake.h"

// OTLP as JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. Integers of 64
// bits are decimal text or numbers, enumerations are numbers, ids are hexadecimal digits.
//
// What is missing or null is empty. What is there but of another structure (no list where a list
// belongs, an attribute without a value, a time that is no number) makes its record broken. A
// member of an AnyValue with the wrong type only makes that value empty.

namespace monitor::otlp {

using base::json::Kind;
using Json = base::json::Value;

std::optional<base::Error> Intake::refusal() const {
  if (records_ > kMaxRecords)
    return base::Error{base::Errc::invalid_argument,
                       fmt::format("more than {} records in one request", kMaxRecords)};
  if (values_ > kMaxValues)
    return base::Error{base::Errc::invalid_argument,
                       fmt::format("more than {} attributes in one request", kMaxValues)};
  return std::nullopt;
}

namespace {

/// The member of an object; nothing where it is missing or null, or `value` is no object.
std::optional<Json> member(const Json& value, std::string_view key) {
  if (!value.is(Kind::object)) return std::nullopt;
  auto found = value.find(key);
  if (found && found->is(Kind::null)) found.reset();
  return found;
}

std::string text_member(const Json& value, std::string_view key) {
  const auto found = member(value, key);
  return found && found->is(Kind::string) ? std::string(found->text()) : std::string();
}

template <class Number>
std::optional<Number> parse_whole(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// A number, or one as text.
std::optional<std::int64_t> to_integer(const Json& value) {
  if (value.is(Kind::number)) return value.to_int();
  if (value.is(Kind::string)) return parse_whole<std::int64_t>(base::trim(value.text()));
  return std::nullopt;
}
std::optional<double> to_real(const Json& value) {
  if (value.is(Kind::number)) return value.to_double();
  if (value.is(Kind::string)) return parse_whole<double>(base::trim(value.text()));
  return std::nullopt;
}

/// False when it is no time. A time before 1970 is as good as none.
bool read_time(const Json& record, std::string_view key, std::uint64_t& nanoseconds) {
  const auto value = member(record, key);
  if (!value) return true;
  constexpr double kEnd = 18446744073709551616.0;  // 2^64
  if (value->is(Kind::number)) {
    const double real = value->to_double();
    if (!(real < kEnd)) return false;
    if (const auto exact = parse_whole<std::uint64_t>(value->text())) {
      nanoseconds = *exact;
    } else {
      nanoseconds = real > 0 ? static_cast<std::uint64_t>(real) : 0;
    }
    return true;
  }
  if (!value->is(Kind::string)) return false;
  const std::string_view text = base::trim(value->text());
  if (text.empty() || parse_whole<std::int64_t>(text).value_or(1) <= 0) return true;
  const auto exact = parse_whole<std::uint64_t>(text);
  nanoseconds = exact.value_or(0);
  return exact.has_value();
}

class Decoder {
 public:
  template <class Record>
  base::Result<Export<Record>> read(const Json& body, std::string_view resources,
                                    std::string_view scopes, std::string_view records) {
    Export<Record> result;
    each(body, resources, result, [&](const Json& resource) {
      Group<Record>& group = result.groups.emplace_back();
      const auto described = member(resource, "resource");
      // Without its resource nobody can say whose records these are.
      const bool is_whole = !described || read_attributes(*described, group.resource);
      each(resource, scopes, result, [&](const Json& scope) {
        each(scope, records, result, [&](const Json& record) {
          if (!take(record, is_whole, group.records, result)) ++result.broken;
        });
      });
    });
    if (auto refusal = intake_.refusal()) return std::move(*refusal);
    return result;
  }

 private:
  /// Calls `use` for each element of a list; counts one broken record where it is no list.
  template <class Record, class Use>
  void each(const Json& value, std::string_view key, Export<Record>& result, const Use& use) {
    const auto list = member(value, key);
    if (!list) return;
    if (!list->is(Kind::array)) {
      ++result.received;
      ++result.broken;
      return;
    }
    for (const Json& element : list->elements()) {
      if (!intake_.add_value()) return;
      use(element);
    }
  }

  /// False when it is broken. A metric counts by its points, and sees to those itself.
  template <class Record>
  bool take(const Json& json, bool is_whole, std::vector<Record>& records, Export<Record>& result) {
    if constexpr (std::is_same_v<Record, Metric>) {
      return read_metric(json, is_whole, records, result);
    } else {
      ++result.received;
      if (!intake_.add_record()) return false;
      Record record;
      if (!json.is(Kind::object) || !is_whole || !read_record(json, record)) return false;
      records.push_back(std::move(record));
      return true;
    }
  }

  bool read_record(const Json& json, LogRecord& record) {
    record.severity_text = text_member(json, "severityText");
    record.event_name = text_member(json, "eventName");
    if (record.event_name.empty()) record.event_name = text_member(json, "name");  // before 2023
    const auto body = member(json, "body");
    return read_time(json, "timeUnixNano", record.time_unix_nano) &&
           read_attributes(json, record.attributes) && (!body || read_value(*body, 0, record.body));
  }

  bool read_record(const Json& json, Span& span) {
    span.trace_id = base::to_lower(text_member(json, "traceId"));
    span.span_id = base::to_lower(text_member(json, "spanId"));
    span.name = text_member(json, "name");
    if (const auto status = member(json, "status")) {
      const auto code = member(*status, "code");
      span.has_failed = code && to_integer(*code) == 2;  // STATUS_CODE_ERROR
      span.status_message = text_member(*status, "message");
    }
    return !span.trace_id.empty() && !span.span_id.empty() &&
           read_time(json, "startTimeUnixNano", span.start_unix_nano) &&
           read_time(json, "endTimeUnixNano", span.end_unix_nano) &&
           read_attributes(json, span.attributes);
  }

  bool read_metric(const Json& json, bool is_whole, std::vector<Metric>& metrics,
                   Export<Metric>& result) {
    if (!json.is(Kind::object)) {
      ++result.received;
      return false;
    }
    Metric metric;
    metric.name = text_member(json, "name");
    auto values = member(json, "sum");
    if (values) {
      const auto temporality = member(*values, "aggregationTemporality");
      metric.is_cumulative =
          temporality && temporality->is(Kind::number) && temporality->to_int() == 2;
    }
    if (!values || !member(*values, "dataPoints")) values = member(json, "gauge");
    if (!values) return true;
    each(*values, "dataPoints", result, [&](const Json& point) {
      ++result.received;
      DataPoint read;
      if (intake_.add_record() && is_whole && read_point(point, read)) {
        metric.points.push_back(std::move(read));
      } else {
        ++result.broken;
      }
    });
    if (!metric.points.empty()) metrics.push_back(std::move(metric));
    return true;
  }

  bool read_point(const Json& json, DataPoint& point) {
    if (!json.is(Kind::object)) return false;
    auto value = member(json, "asDouble");
    if (!value) value = member(json, "asInt");
    const auto number = value ? to_real(*value) : 0;
    point.value = number.value_or(0);
    return number && std::isfinite(*number) && read_attributes(json, point.attributes);
  }

  /// False when the list is broken, or nested too deep.
  bool read_attributes(const Json& owner, Attributes& attributes, int depth = 0,
                       std::string_view key = "attributes") {
    const auto list = member(owner, key);
    if (!list) return true;
    if (!list->is(Kind::array)) return false;
    for (const Json& element : list->elements()) {
      const auto value = member(element, "value");
      if (!value || !intake_.add_value()) return false;
      Attribute& attribute = attributes.emplace_back();
      attribute.key = text_member(element, "key");
      if (!read_value(*value, depth, attribute.value)) return false;
    }
    return true;
  }

  bool read_value(const Json& json, int depth, Value& value) {
    if (depth == kMaxDepth) return false;
    if (const auto text = member(json, "stringValue")) {
      if (text->is(Kind::string)) value.is = std::string(text->text());
    } else if (const auto integer = member(json, "intValue")) {
      read_integer(*integer, value);
    } else if (const auto real = member(json, "doubleValue")) {
      if (const auto number = to_real(*real)) value.is = *number;
    } else if (const auto truth = member(json, "boolValue")) {
      if (truth->is(Kind::boolean)) value.is = truth->truth();
    } else if (const auto array = member(json, "arrayValue")) {
      return read_list(*array, depth + 1, value.is.emplace<List>());
    } else if (const auto map = member(json, "kvlistValue")) {
      return read_attributes(*map, value.is.emplace<Attributes>(), depth + 1, "values");
    }
    return true;
  }

  /// One that is no integer, or too large for one, is kept as the number that it is.
  static void read_integer(const Json& json, Value& value) {
    if (const auto integer = to_integer(json)) {
      value.is = *integer;
    } else if (const auto real = to_real(json)) {
      value.is = *real;
    }
  }

  bool read_list(const Json& json, int depth, List& list) {
    const auto values = member(json, "values");
    if (!values) return true;
    if (!values->is(Kind::array)) return false;
    for (const Json& element : values->elements())
      if (!intake_.add_value() || !read_value(element, depth, list.emplace_back())) return false;
    return true;
  }

  Intake intake_;
};

}  // namespace

base::Result<Logs> parse_logs(const Json& body) {
  return Decoder().read<LogRecord>(body, "resourceLogs", "scopeLogs", "logRecords");
}
base::Result<Metrics> parse_metrics(const Json& body) {
  return Decoder().read<Metric>(body, "resourceMetrics", "scopeMetrics", "metrics");
}
base::Result<Traces> parse_traces(const Json& body) {
  return Decoder().read<Span>(body, "resourceSpans", "scopeSpans", "spans");
}

}  // namespace monitor::otlp
