#include "copilot_cli_reader.h"

#include <cstddef>
#include <cstdint>

#include "told_check.h"

// No file breaks the reading of Copilot CLI's events.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  conversation_check::check_log(
      [] { return std::make_unique<agents::CopilotCliReader>("/logs/5e55/events.jsonl"); },
      {reinterpret_cast<const char*>(data), size});
  return 0;
}
