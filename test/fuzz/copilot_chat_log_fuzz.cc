#include "copilot_chat_log_reader.h"

#include <cstddef>
#include <cstdint>

#include "told_check.h"

// No file breaks the replay of VS Code's chat logs.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  conversation_check::check_document<agents::CopilotChatLogReader>(
      {reinterpret_cast<const char*>(data), size}, "s.jsonl");
  return 0;
}
