#include <cstddef>
#include <cstdint>

#include "conversation_check.h"

// No older log of Claude or Cursor breaks its reader, and none is mistaken when it is looked at.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  conversation_check::check(agents::Format::claude_log, data, size);
  conversation_check::check(agents::Format::cursor_log, data, size);
  (void)agents::detect({reinterpret_cast<const char*>(data), size});
  return 0;
}
