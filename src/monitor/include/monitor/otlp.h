#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json_reader.h"
#include "base/result.h"
#include "monitor/contract.h"
#include "monitor/counter_states.h"
#include "monitor/event.h"
#include "monitor/logged_sessions.h"

/// OpenTelemetry exports (OTLP over HTTP): read from JSON or protobuf into one model, and mapped
/// from there to events. docs/api.md, "OTLP". https://opentelemetry.io/docs/specs/otlp/
///
/// Pure, but for CounterStates. Thread: any.
namespace monitor::otlp {

constexpr int kMaxDepth = 64;                              // of values in values
constexpr std::size_t kMaxRecords = std::size_t{1} << 15;  // of one request
constexpr std::size_t kMaxValues = std::size_t{1} << 18;   // attributes and elements of lists

struct Value;
struct Attribute;
using List = std::vector<Value>;
using Attributes = std::vector<Attribute>;

/// AnyValue. Bytes, and what is of no known kind, are as good as nothing: monostate.
struct Value {
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Attributes> is;
};
struct Attribute {
  std::string key;
  Value value;
};

struct LogRecord {
  std::uint64_t time_unix_nano = 0;  // 0: not given
  std::string severity_text;
  std::string event_name;
  Value body;
  Attributes attributes;
};

struct DataPoint {
  double value = 0;
  Attributes attributes;
};
/// A sum or a gauge; other metrics have no points here.
struct Metric {
  std::string name;
  bool is_cumulative = false;
  std::vector<DataPoint> points;
};

struct Span {
  std::string trace_id, span_id;  // hexadecimal digits, lower case
  std::string name;
  std::uint64_t start_unix_nano = 0, end_unix_nano = 0;
  bool has_failed = false;
  std::string status_message;
  Attributes attributes;
};

/// What one resource sent. Scopes are not told apart: no mapping looks at them.
template <class Record>
struct Group {
  Attributes resource;
  std::vector<Record> records;
};

template <class Record>
struct Export {
  std::vector<Group<Record>> groups;
  std::size_t received = 0;  // log records, data points or spans, broken ones too
  std::size_t broken = 0;    // of these, left out because their structure is broken
};
using Logs = Export<LogRecord>;
using Metrics = Export<Metric>;
using Traces = Export<Span>;

/// The body of an export request as JSON. What is broken in it is left out and counted, alone.
/// `invalid_argument` when it has more than kMaxRecords or kMaxValues.
base::Result<Logs> parse_logs(const base::json::Value& body);
base::Result<Metrics> parse_metrics(const base::json::Value& body);
base::Result<Traces> parse_traces(const base::json::Value& body);

/// The same from protobuf. `corrupt` when `body` is no protobuf message. Text that is not UTF-8
/// gets U+FFFD where it is not.
base::Result<Logs> parse_logs(std::string_view body);
base::Result<Metrics> parse_metrics(std::string_view body);
base::Result<Traces> parse_traces(std::string_view body);

/// The events that the records stand for; most stand for one or none. Claude Code tells what it
/// used in its logs and again in its metrics, where it names the session with each record and each
/// point: whose logs have told it is kept in `logged`, and points that repeat it make no event.
std::vector<Event> to_events(const Logs& logs, const ContractLimits& limits,
                             LoggedSessions* logged = nullptr);
std::vector<Event> to_events(const Traces& traces, const ContractLimits& limits);

struct MetricEvents {
  std::vector<Event> events;
  std::vector<CounterStates::Taken> taken;  // to give back if the events are not stored
};
MetricEvents to_events(const Metrics& metrics, const ContractLimits& limits,
                       CounterStates& counters, LoggedSessions* logged = nullptr);

}  // namespace monitor::otlp
