#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agents/log_reader.h"
#include "base/json_reader.h"

/// VS Code's chat sessions of GitHub Copilot, as both of their forms hold them. docs/formats.md,
/// "GitHub Copilot in VS Code".
namespace agents {

/// What a session says of all its requests.
struct ChatSession {
  std::string id;              // the file's name without its extension
  std::string workspace_id;    // the name of its storage folder; empty: none
  std::string workspace_path;  // the folder that is open in it; empty: not known
  std::string username, location;

  /// The session of the file at `path`, whose extension is `extension`.
  static ChatSession of(const std::string& path, std::string_view extension);
  /// Takes the member `key` if it is one of these.
  void take(std::string_view key, const base::json::Value& value);
};

/// One request with what was answered and done. One that was cancelled says nothing; of one that
/// goes on only the question is told. False: it is no request.
struct ChatPlace {
  std::uint64_t offset = 0, index = 0;
  bool is_cut = false;
};
bool tell_request(const ChatSession& session, const base::json::Value& request, ChatPlace place,
                  const LogReader::Sink& sink);

/// `text` where it is a path or a URI, of `file:` its path; else empty.
std::string path_in(std::string_view text);

}  // namespace agents
