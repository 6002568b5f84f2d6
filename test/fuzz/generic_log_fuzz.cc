#include <cstddef>
#include <cstdint>

#include "conversation_check.h"

// Any JSONL can be told by the generic reader.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  conversation_check::check(agents::Format::generic, data, size);
  return 0;
}
