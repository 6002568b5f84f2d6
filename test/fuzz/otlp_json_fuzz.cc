#include <cstddef>
#include <cstdint>
#include <string_view>

#include "monitor/contract.h"
#include "otlp_check.h"

// No body of an OTLP request in JSON breaks what the contract says of events.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  base::json::Document document;
  const auto body = monitor::recover_json({reinterpret_cast<const char*>(data), size}, document);
  otlp_check::check_all(body);
  return 0;
}
