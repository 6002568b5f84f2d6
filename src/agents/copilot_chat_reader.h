#pragma once

#include "agents/document_reader.h"
#include "base/json_reader.h"
#include "copilot_request.h"

namespace agents {

/// A chat session of VS Code as one JSON document. docs/formats.md, "GitHub Copilot in VS Code".
class CopilotChatReader : public DocumentReader {
 public:
  base::Result<void> read(const std::string& path, const Sink& sink,
                          const std::atomic<bool>& stopping) override;

 private:
  base::Result<void> read_requests(const std::string& path, ChatSession& session, const Sink& sink,
                                   const std::atomic<bool>& stopping);

  base::json::Document document_;
};

/// Reads `text` as a request of `session`, and counts it.
void read_request(std::string_view text, const ChatSession& session, ChatPlace place,
                  base::json::Document& document, ReadCounts& counts, const LogReader::Sink& sink);

}  // namespace agents
