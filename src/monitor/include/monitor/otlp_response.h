#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// The bodies that OTLP answers with. https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
namespace monitor::otlp {

enum class Signal : std::uint8_t { logs, metrics, traces };
enum class Encoding : std::uint8_t { json, protobuf };

/// google.rpc.Code, as far as it is used.
enum class StatusCode : std::uint8_t {
  invalid_argument = 3,
  resource_exhausted = 8,
  internal = 13,
  unavailable = 14,
};

/// ExportLogsServiceResponse and its likes: empty, or with how many records were left out because
/// their structure is broken.
std::string to_response_body(Encoding encoding, Signal signal, std::size_t rejected);

/// google.rpc.Status
std::string to_status_body(Encoding encoding, StatusCode code, std::string_view message);

}  // namespace monitor::otlp
