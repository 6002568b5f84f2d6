#include <cstddef>
#include <cstdint>

#include "conversation_check.h"
#include "opencode_reader.h"

// No message of OpenCode breaks its reader: the first line is the message's data, each other one
// that of a part.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  agents::OpenCodeMessage message;
  message.id = "msg_1";
  message.data = bytes.substr(0, bytes.find('\n'));
  bytes.remove_prefix(message.data.size());
  while (!bytes.empty()) {
    bytes.remove_prefix(1);
    const std::string_view part = bytes.substr(0, bytes.find('\n'));
    message.parts.emplace_back("prt_" + std::to_string(message.parts.size()), part);
    bytes.remove_prefix(part.size());
  }
  agents::ReadCounts counts;
  std::size_t records = 0;
  const auto sink = [&records](const agents::Record& record) {
    conversation_check::check_record(record);
    ++records;
  };
  give_message({"ses_1", "", "/w", 0}, message, sink, counts);
  ASSERT(counts.lines == 1 && counts.broken <= 1 + message.parts.size());
  ASSERT(records <= message.parts.size() + 2);
  return 0;
}
