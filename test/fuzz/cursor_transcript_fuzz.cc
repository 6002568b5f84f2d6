#include <cstddef>
#include <cstdint>

#include "conversation_check.h"

// No transcript of Cursor breaks its reader, and a call keeps its result wherever reading begins
// anew.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  conversation_check::check(agents::Format::cursor_transcript, data, size);
  return 0;
}
