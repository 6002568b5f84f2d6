#include <cstddef>
#include <cstdint>

#include "log_check.h"

// No file breaks the import of Claude Code's logs, and every line has an id of its own.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  log_check::check(agents::Agent::claude_code, bytes, 0);
  std::set<std::string> ids;
  for (const monitor::Event& event :
       log_check::import(agents::Agent::claude_code, bytes, size).events)
    ASSERT(ids.insert(event.event_id).second);
  return 0;
}
