#include "claude_conversation_reader.h"

#include <cstddef>
#include <cstdint>

#include "told_check.h"

// No file breaks the reading of Claude Code's conversations.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  conversation_check::check_log(
      [] { return std::make_unique<agents::ClaudeConversationReader>("/logs/agent-1.jsonl"); },
      {reinterpret_cast<const char*>(data), size});
  return 0;
}
