#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>

#include "conversation_check.h"

// No chat of Gemini CLI breaks its reader, in either form, and reading it again tells the same.

namespace {

std::vector<std::string> tell(agents::DocumentReader& reader, const std::string& path) {
  std::vector<std::string> ids;
  const std::atomic<bool> stopping = false;
  const auto sink = [&ids](const agents::Record& record) {
    conversation_check::check_record(record);
    ids.emplace_back(record.native_id);
  };
  (void)reader.read(path, sink, stopping);
  return ids;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string path =
      (std::filesystem::temp_directory_path() / ("gemini-fuzz-" + std::to_string(::getpid())))
          .string();
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  for (const agents::Format format :
       {agents::Format::gemini_chat, agents::Format::gemini_chat_log}) {
    const auto reader = make_document_reader(format, {});
    const auto first = tell(*reader, path);
    ASSERT(tell(*reader, path) == first);
  }
  ::unlink(path.c_str());
  return 0;
}
