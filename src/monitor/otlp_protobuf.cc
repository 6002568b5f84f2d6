#include <cmath>
#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>

#include "base/utf8.h"
#include "monitor/otlp.h"
#include "otlp_intake.h"

// OTLP as protobuf. Field numbers: opentelemetry-proto 1.x, opentelemetry/proto/
// {collector/*/v1/*_service, common/v1/common, resource/v1/resource, logs/v1/logs,
// metrics/v1/metrics, trace/v1/trace}.proto; at each message below.
//
// Fields that are not used, and those of another wire type than theirs, are skipped. Broken framing
// makes the whole request unreadable; a value nested too deep only makes its record broken.
// protozero throws: the exceptions end in `decode`.

namespace monitor::otlp {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

constexpr std::uint32_t field(std::uint32_t number, pbf_wire_type type) {
  return protozero::tag_and_type(number, type);
}
constexpr std::uint32_t message(std::uint32_t number) {
  return field(number, pbf_wire_type::length_delimited);
}
constexpr std::uint32_t varint(std::uint32_t number) {
  return field(number, pbf_wire_type::varint);
}
constexpr std::uint32_t fixed64(std::uint32_t number) {
  return field(number, pbf_wire_type::fixed64);
}

std::string_view bytes_of(pbf_reader& reader) {
  const protozero::data_view view = reader.get_view();
  return {view.data(), view.size()};
}
std::string text_of(pbf_reader& reader) { return base::to_utf8(bytes_of(reader)); }

std::string hex_of(pbf_reader& reader) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes_of(reader)) {
    const auto byte = static_cast<unsigned char>(c);
    hex.append({kDigits[byte >> 4], kDigits[byte & 0x0F]});
  }
  return hex;
}

class Decoder {
 public:
  template <class Record>
  base::Result<Export<Record>> decode(std::string_view body) {
    Export<Record> result;
    try {
      pbf_reader request(body.data(), body.size());
      // ExportLogsServiceRequest.resource_logs, and its likes of metrics and traces
      while (request.next())
        if (request.tag_and_type() == message(1)) {
          if (!intake_.add_value()) break;
          read_resource(request.get_message(), result);
        } else {
          request.skip();
        }
    } catch (const protozero::exception& broken) {
      return base::Error{base::Errc::corrupt,
                         std::string("not a protobuf message: ") + broken.what()};
    }
    if (auto refusal = intake_.refusal()) return std::move(*refusal);
    return result;
  }

 private:
  /// ResourceLogs: resource 1, scope_logs 2; so too for metrics and traces. The resource may come
  /// behind its scopes.
  template <class Record>
  void read_resource(const pbf_reader& reader, Export<Record>& result) {
    Group<Record>& group = result.groups.emplace_back();
    bool is_whole = true;
    for (pbf_reader fields = reader; fields.next();)
      if (fields.tag_and_type() == message(1)) {
        // Resource: attributes 1
        for (pbf_reader resource = fields.get_message(); resource.next();)
          is_whole = read_attribute_or_skip(resource, 1, group.resource) && is_whole;
      } else {
        fields.skip();
      }
    for (pbf_reader fields = reader; fields.next();)
      if (fields.tag_and_type() == message(2)) {
        read_scope(fields.get_message(), is_whole, group.records, result);
      } else {
        fields.skip();
      }
  }

  /// ScopeLogs: log_records 2; ScopeMetrics: metrics 2; ScopeSpans: spans 2.
  template <class Record>
  void read_scope(pbf_reader fields, bool is_whole, std::vector<Record>& records,
                  Export<Record>& result) {
    while (fields.next()) {
      if (fields.tag_and_type() != message(2)) {
        fields.skip();
        continue;
      }
      Record record;
      if constexpr (std::is_same_v<Record, Metric>) {
        read_metric(fields.get_message(), is_whole, record, result);
        if (!record.points.empty()) records.push_back(std::move(record));
      } else {
        ++result.received;
        if (!intake_.add_record()) return;
        if (read_record(fields.get_message(), record) && is_whole) {
          records.push_back(std::move(record));
        } else {
          ++result.broken;
        }
      }
    }
  }

  /// LogRecord: time_unix_nano 1, severity_text 3, body 5, attributes 6, event_name 12.
  bool read_record(pbf_reader fields, LogRecord& record) {
    bool is_whole = true;
    while (fields.next()) switch (fields.tag_and_type()) {
        case fixed64(1):
          record.time_unix_nano = fields.get_fixed64();
          break;
        case message(3):
          record.severity_text = text_of(fields);
          break;
        case message(5):
          is_whole = read_value(fields.get_message(), 0, record.body) && is_whole;
          break;
        case message(12):
          record.event_name = text_of(fields);
          break;
        default:
          is_whole = read_attribute_or_skip(fields, 6, record.attributes) && is_whole;
      }
    return is_whole;
  }

  /// Span: trace_id 1, span_id 2, name 5, start_time_unix_nano 7, end_time_unix_nano 8,
  /// attributes 9, status 15.
  bool read_record(pbf_reader fields, Span& span) {
    bool is_whole = true;
    while (fields.next()) switch (fields.tag_and_type()) {
        case message(1):
          span.trace_id = hex_of(fields);
          break;
        case message(2):
          span.span_id = hex_of(fields);
          break;
        case message(5):
          span.name = text_of(fields);
          break;
        case fixed64(7):
          span.start_unix_nano = fields.get_fixed64();
          break;
        case fixed64(8):
          span.end_unix_nano = fields.get_fixed64();
          break;
        case message(15):
          read_status(fields.get_message(), span);
          break;
        default:
          is_whole = read_attribute_or_skip(fields, 9, span.attributes) && is_whole;
      }
    return is_whole && !span.trace_id.empty() && !span.span_id.empty();
  }

  /// Status: message 2, code 3 (2 is STATUS_CODE_ERROR).
  static void read_status(pbf_reader fields, Span& span) {
    while (fields.next()) switch (fields.tag_and_type()) {
        case message(2):
          span.status_message = text_of(fields);
          break;
        case varint(3):
          span.has_failed = fields.get_int32() == 2;
          break;
        default:
          fields.skip();
      }
  }

  /// Metric: name 1, gauge 5, sum 7. Gauge: data_points 1. Sum: data_points 1,
  /// aggregation_temporality 2 (2 is AGGREGATION_TEMPORALITY_CUMULATIVE).
  void read_metric(pbf_reader fields, bool is_whole, Metric& metric, Export<Metric>& result) {
    while (fields.next()) switch (fields.tag_and_type()) {
        case message(1):
          metric.name = text_of(fields);
          break;
        case message(5):
        case message(7):
          read_points(fields.get_message(), is_whole, metric, result);
          break;
        default:
          fields.skip();
      }
  }

  void read_points(pbf_reader fields, bool is_whole, Metric& metric, Export<Metric>& result) {
    while (fields.next()) switch (fields.tag_and_type()) {
        case message(1): {
          ++result.received;
          if (!intake_.add_record()) return;
          DataPoint point;
          if (read_point(fields.get_message(), point) && is_whole) {
            metric.points.push_back(std::move(point));
          } else {
            ++result.broken;
          }
          break;
        }
        case varint(2):
          metric.is_cumulative = fields.get_int32() == 2;
          break;
        default:
          fields.skip();
      }
  }

  /// NumberDataPoint: as_double 4, as_int 6, attributes 7.
  bool read_point(pbf_reader fields, DataPoint& point) {
    bool is_whole = true;
    while (fields.next()) switch (fields.tag_and_type()) {
        case fixed64(4):
          point.value = fields.get_double();
          break;
        case fixed64(6):
          point.value = static_cast<double>(fields.get_sfixed64());
          break;
        default:
          is_whole = read_attribute_or_skip(fields, 7, point.attributes) && is_whole;
      }
    return is_whole && std::isfinite(point.value);
  }

  /// The current field if it is the KeyValue with this number: key 1, value 2. False when it is
  /// broken.
  bool read_attribute_or_skip(pbf_reader& fields, std::uint32_t number, Attributes& attributes,
                              int depth = 0) {
    if (fields.tag_and_type() != message(number)) {
      fields.skip();
      return true;
    }
    pbf_reader pair = fields.get_message();
    if (!intake_.add_value()) return false;
    Attribute& attribute = attributes.emplace_back();
    bool is_whole = true;
    while (pair.next()) switch (pair.tag_and_type()) {
        case message(1):
          attribute.key = text_of(pair);
          break;
        case message(2):
          is_whole = read_value(pair.get_message(), depth, attribute.value) && is_whole;
          break;
        default:
          pair.skip();
      }
    return is_whole;
  }

  /// AnyValue: string_value 1, bool_value 2, int_value 3, double_value 4, array_value 5,
  /// kvlist_value 6. ArrayValue: values 1. KeyValueList: values 1.
  bool read_value(pbf_reader fields, int depth, Value& value) {
    if (depth == kMaxDepth) return false;
    bool is_whole = true;
    while (fields.next()) switch (fields.tag_and_type()) {
        case message(1):
          value.is = text_of(fields);
          break;
        case varint(2):
          value.is = fields.get_bool();
          break;
        case varint(3):
          value.is = fields.get_int64();
          break;
        case fixed64(4):
          value.is = fields.get_double();
          break;
        case message(5):
          is_whole = read_list(fields.get_message(), depth + 1, value.is.emplace<List>());
          break;
        case message(6): {
          auto& map = value.is.emplace<Attributes>();
          for (pbf_reader pairs = fields.get_message(); pairs.next();)
            is_whole = read_attribute_or_skip(pairs, 1, map, depth + 1) && is_whole;
          break;
        }
        default:
          fields.skip();
      }
    return is_whole;
  }

  bool read_list(pbf_reader fields, int depth, List& list) {
    bool is_whole = true;
    while (fields.next())
      if (fields.tag_and_type() != message(1)) {
        fields.skip();
      } else {
        if (!intake_.add_value()) return false;
        is_whole = read_value(fields.get_message(), depth, list.emplace_back()) && is_whole;
      }
    return is_whole;
  }

  Intake intake_;
};

}  // namespace

base::Result<Logs> parse_logs(std::string_view body) { return Decoder().decode<LogRecord>(body); }
base::Result<Metrics> parse_metrics(std::string_view body) {
  return Decoder().decode<Metric>(body);
}
base::Result<Traces> parse_traces(std::string_view body) { return Decoder().decode<Span>(body); }

}  // namespace monitor::otlp
