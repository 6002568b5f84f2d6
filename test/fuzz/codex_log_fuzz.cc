#include <cstddef>
#include <cstdint>

#include "log_check.h"

// No file breaks the import of Codex' logs, and a session has one end, behind everything else.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  log_check::check(agents::Agent::codex, bytes, 1);
  const auto events = log_check::import(agents::Agent::codex, bytes, size).events;
  for (std::size_t i = 0; i < events.size(); ++i)
    ASSERT((events[i].event_type == monitor::EventType::session_end) == (i + 1 == events.size()));
  return 0;
}
