#include "copilot_chat_reader.h"

#include <cstddef>
#include <cstdint>

#include "told_check.h"

// No file breaks the reading of VS Code's chat sessions.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  conversation_check::check_document<agents::CopilotChatReader>(
      {reinterpret_cast<const char*>(data), size}, "s.json");
  return 0;
}
