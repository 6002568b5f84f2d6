#include "cursor_workspaces.h"

#include <filesystem>

#include "agents/workspace_folder.h"
#include "array_splitter.h"
#include "json_fields.h"

namespace agents {
namespace {

namespace fs = std::filesystem;

constexpr int kMostAttempts = 3;

}  // namespace

base::Result<std::string> read_value(const std::string& path, const std::string& table,
                                     std::string_view key) {
  const std::string sql = "SELECT value FROM " + table + " WHERE key = ?1";
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    TRY(auto db, store::ForeignDatabase::open(path));
    auto value = db.database().text(sql, key);
    if (!db.is_sound()) continue;
    if (!value) return std::move(value.error()).within(path);
    return value->value_or("");
  }
  return base::Error{base::Errc::unavailable, path + ": changes while it is read"};
}

void CursorWorkspaces::refresh(const std::string& storage) {
  std::error_code error;
  fs::directory_iterator entries(storage, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const std::string path = (entries->path() / "state.vscdb").string();
    const auto stamp = stamp_of(path);
    if (!stamp || windows_[path] == *stamp) continue;
    const auto folder = read_workspace_folder(entries->path().string());
    if (!folder) continue;
    const auto value = read_value(path, "ItemTable", "composer.composerData");
    if (!value) continue;
    base::json::Document document;
    ArraySplitter chats("allComposers", [&](std::string_view element) {
      const auto chat = document.parse(element);
      const std::string_view id = chat ? text_at(*chat, "composerId") : std::string_view();
      if (!id.empty() && folders_.size() < kMaxChats)
        folders_.insert_or_assign(std::string(id), folder->directory());
    });
    chats.feed(*value);
    windows_[path] = *stamp;
  }
}

std::string CursorWorkspaces::folder_of_window(const std::string& storage,
                                               std::string_view hash) const {
  // What a database says is no path that we would follow anywhere.
  if (hash.empty() || hash.find('/') != hash.npos || hash.starts_with('.')) return {};
  const auto folder = read_workspace_folder(storage + "/" + std::string(hash));
  return folder ? folder->directory() : std::string();
}

std::string CursorWorkspaces::folder_of_chat(std::string_view composer) const {
  const auto found = folders_.find(std::string(composer));
  return found == folders_.end() ? std::string() : found->second;
}

}  // namespace agents
