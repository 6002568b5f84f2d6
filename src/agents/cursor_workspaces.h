#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "agents/log_file.h"
#include "base/result.h"
#include "store/foreign_database.h"

namespace agents {

/// Which folder each of Cursor's chats belongs to, by the databases of its windows.
class CursorWorkspaces {
 public:
  /// Reads what has changed below `storage`, Cursor's `workspaceStorage`.
  void refresh(const std::string& storage);

  /// The folder of the window with this hash, and the one that a chat was listed in.
  std::string folder_of_window(const std::string& storage, std::string_view hash) const;
  std::string folder_of_chat(std::string_view composer) const;

 private:
  static constexpr std::size_t kMaxChats = 100'000;

  std::map<std::string, FileStamp> windows_;  // by path of their database
  std::unordered_map<std::string, std::string> folders_;
};

/// The value of `key` in `table` of the database at `path`; empty when there is none. `corrupt`,
/// `unavailable`, `invalid_argument` as ForeignDatabase has them.
base::Result<std::string> read_value(const std::string& path, const std::string& table,
                                     std::string_view key);

}  // namespace agents
