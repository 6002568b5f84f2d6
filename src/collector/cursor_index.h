#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collector/cursor.h"

namespace collector {

/// Which cursor belongs to which file, whatever happens to names. Thread: one.
///
/// A file that moved takes its cursor along. The cursor of a file that another has replaced stays
/// without a path, for the file may turn up elsewhere.
class CursorIndex {
 public:
  explicit CursorIndex(std::vector<Cursor> stored = {});

  struct Place {
    agents::Agent agent;
    agents::Format format;
    std::string path;
  };
  /// The cursor of the file with `stamp` at `place`; a new one when the file is new.
  Cursor& at(const Place& place, const agents::FileStamp& stamp);
  /// The one at `path`; null when none is.
  Cursor* find(std::string_view path);
  /// Where the file of a cursor is now; nothing when it is not known.
  std::optional<std::string> path_of(std::int64_t id) const;
  /// What is taken of it has been stored.
  void put(const Cursor& cursor);
  /// The file at `from`, whose cursor that takes along, has the name `to`.
  void moved(std::string_view from, const std::string& to);
  /// There is no file at `path` any more.
  void left(std::string_view path);

  /// Paths that cursors have got or lost since the last call, to be stored; by id.
  std::vector<std::pair<std::int64_t, std::string>> take_moves();

  std::size_t size() const { return cursors_.size(); }
  template <class Visit>
  void each(const Visit& visit) const {
    for (const auto& [id, cursor] : cursors_) visit(*cursor);
  }

 private:
  struct File {
    std::uint64_t device, inode;
    bool operator==(const File&) const = default;
  };
  struct FileHash {
    std::size_t operator()(const File& file) const {
      return std::hash<std::uint64_t>{}(file.inode * 31 + file.device);
    }
  };
  static File file_of(const agents::FileStamp& stamp) { return {stamp.device, stamp.inode}; }

  void settle_at(Cursor& cursor, const std::string& path);
  void leave(Cursor& cursor);

  std::unordered_map<std::int64_t, std::unique_ptr<Cursor>> cursors_;
  std::unordered_map<std::string_view, Cursor*> by_path_;  // views of the cursors' own paths
  std::unordered_map<File, Cursor*, FileHash> by_file_;
  std::vector<std::pair<std::int64_t, std::string>> moves_;
  std::int64_t newest_id_ = 0;
};

}  // namespace collector
