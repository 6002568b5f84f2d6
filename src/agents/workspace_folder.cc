#include "agents/workspace_folder.h"

#include <cctype>
#include <charconv>
#include <filesystem>

#include "base/utf8.h"
#include "document_text.h"
#include "json_fields.h"

namespace agents {

std::string WorkspaceFolder::directory() const {
  return is_multi_root ? std::filesystem::path(path).parent_path().string() : path;
}

std::optional<WorkspaceFolder> read_workspace_folder(const std::string& storage_directory) {
  const std::atomic<bool> never = false;
  const auto text = read_shortened(storage_directory + "/workspace.json", never);
  if (!text) return std::nullopt;
  base::json::Document document;
  const auto json = document.parse(*text);
  if (!json) return std::nullopt;
  const std::string_view folder = text_at(*json, "folder");
  const std::string_view uri = folder.empty() ? text_at(*json, "workspace") : folder;
  if (uri.empty()) return std::nullopt;
  return WorkspaceFolder{path_of_uri(uri), folder.empty(),
                         uri.starts_with("file:") || uri.find("://") == uri.npos};
}

std::string path_of_uri(std::string_view uri) {
  const std::size_t scheme = uri.find("://");
  if (scheme == uri.npos) return std::string(uri);
  uri.remove_prefix(scheme + 3);
  uri.remove_prefix(std::min(uri.find('/'), uri.size()));
  std::string path;
  for (std::size_t i = 0; i < uri.size(); ++i) {
    unsigned byte = 0;
    const char* const digits = uri.data() + i + 1;
    if (uri[i] == '%' && i + 2 < uri.size() &&
        std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      path += static_cast<char>(byte);
      i += 2;
    } else {
      path += uri[i];
    }
  }
  const bool has_drive = path.size() > 2 && path[0] == '/' && path[2] == ':' &&
                         std::isalpha(static_cast<unsigned char>(path[1]));
  if (has_drive) path.erase(0, 1);
  return base::to_utf8(path);
}

}  // namespace agents
