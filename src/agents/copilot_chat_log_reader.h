#pragma once

#include "agents/document_reader.h"
#include "base/json_reader.h"
#include "copilot_request.h"
#include "json_tree.h"

namespace agents {

/// A chat session of VS Code as a log: first the session as a document, then what changed in it, a
/// line each. docs/formats.md, "GitHub Copilot in VS Code".
class CopilotChatLogReader : public DocumentReader {
 public:
  /// What is kept of a session before it is told; more is `corrupt`.
  static constexpr std::size_t kMaxKeptBytes = std::size_t{48} << 20;

  base::Result<void> read(const std::string& path, const Sink& sink,
                          const std::atomic<bool>& stopping) override;

 private:
  base::Result<void> replay(const std::string& path, JsonTree& tree, ChatSession& session,
                            const std::atomic<bool>& stopping);
  void read_line(const Line& line, JsonTree& tree, ChatSession& session);
  bool apply(const base::json::Value& operation, JsonTree& tree, ChatSession& session);
  void tell(JsonTree& tree, const ChatSession& session, const Sink& sink);

  base::json::Document document_;
};

}  // namespace agents
