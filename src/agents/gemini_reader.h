#pragma once

#include <string>

#include "agents/document_reader.h"

namespace agents {

/// Chats of Gemini CLI: JSONL, where a message stands again whenever it has grown, and the older
/// JSON document. docs/formats.md, "Gemini CLI".
class GeminiChatLogReader : public DocumentReader {
 public:
  base::Result<void> read(const std::string& path, const Sink& sink,
                          const std::atomic<bool>& stopping) override;
};

class GeminiChatReader : public DocumentReader {
 public:
  base::Result<void> read(const std::string& path, const Sink& sink,
                          const std::atomic<bool>& stopping) override;
};

/// The project that the chat at `path` belongs to, by its folder's name: `<home>/tmp/<name>/chats/`
/// is found in `<home>/projects.json`, by the name given there or as SHA-256. Empty: not found.
std::string gemini_project_of(const std::string& path);

}  // namespace agents
