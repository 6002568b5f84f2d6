#include "monitor/otlp_response.h"

#include <protozero/pbf_writer.hpp>

#include "base/json_writer.h"

namespace monitor::otlp {
namespace {

constexpr std::string_view kWhy = "records of broken structure were left out";

std::string_view name_of_rejected(Signal signal) {
  switch (signal) {
    case Signal::logs:
      return "rejectedLogRecords";
    case Signal::metrics:
      return "rejectedDataPoints";
    case Signal::traces:
      return "rejectedSpans";
  }
  return {};
}

}  // namespace

std::string to_response_body(Encoding encoding, Signal signal, std::size_t rejected) {
  std::string body;
  if (encoding == Encoding::protobuf) {
    // The same numbers for each signal: partial_success 1 { rejected_* 1, error_message 2 }.
    if (rejected == 0) return body;
    std::string partial;
    protozero::pbf_writer fields(partial);
    fields.add_int64(1, static_cast<std::int64_t>(rejected));
    fields.add_string(2, kWhy.data(), kWhy.size());
    protozero::pbf_writer(body).add_message(1, partial);
    return body;
  }
  base::json::Writer json(body);
  json.begin_object();
  if (rejected > 0) {
    // An int64 is text in the JSON of protobuf.
    json.key("partialSuccess").begin_object();
    json.key(name_of_rejected(signal)).value(std::to_string(rejected));
    json.key("errorMessage").value(kWhy).end_object();
  }
  json.end_object();
  return body;
}

std::string to_status_body(Encoding encoding, StatusCode code, std::string_view message) {
  std::string body;
  if (encoding == Encoding::protobuf) {
    // Status: code 1, message 2.
    protozero::pbf_writer status(body);
    status.add_int32(1, static_cast<std::int32_t>(code));
    status.add_string(2, message.data(), message.size());
  } else {
    base::json::Writer json(body);
    json.begin_object().key("code").value(static_cast<int>(code));
    json.key("message").value(message).end_object();
  }
  return body;
}

}  // namespace monitor::otlp
