#include "codex_conversation_reader.h"

#include <cstddef>
#include <cstdint>

#include "told_check.h"

// No file breaks the reading of Codex' conversations.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  conversation_check::check_log(
      [] {
        return std::make_unique<agents::CodexConversationReader>("/logs/rollout-1.jsonl", "gpt-5");
      },
      {reinterpret_cast<const char*>(data), size});
  return 0;
}
