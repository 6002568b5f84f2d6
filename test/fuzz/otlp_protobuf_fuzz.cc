#include <cstddef>
#include <cstdint>
#include <string_view>

#include "otlp_check.h"

// No body of an OTLP request in protobuf breaks what the contract says of events.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  otlp_check::check_all(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
