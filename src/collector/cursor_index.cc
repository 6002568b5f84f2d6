#include "cursor_index.h"

#include <algorithm>

namespace collector {

CursorIndex::CursorIndex(std::vector<Cursor> stored) {
  std::sort(stored.begin(), stored.end(),
            [](const Cursor& a, const Cursor& b) { return a.id < b.id; });
  for (Cursor& each : stored) {
    newest_id_ = each.id;
    auto& cursor = cursors_[each.id] = std::make_unique<Cursor>(std::move(each));
    if (cursor->stamp.inode != 0) by_file_[file_of(cursor->stamp)] = cursor.get();
    if (cursor->path.empty()) continue;
    if (Cursor* older = find(cursor->path)) leave(*older);
    by_path_[cursor->path] = cursor.get();
  }
}

Cursor* CursorIndex::find(std::string_view path) {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : found->second;
}

Cursor& CursorIndex::at(const Place& place, const agents::FileStamp& stamp) {
  Cursor* const here = find(place.path);
  const bool is_untouched = here && here->stamp.inode == 0;  // nothing of it has been read
  // A document is written anew with each change, and known by its place.
  const bool is_document = agents::shape_of(place.format) == agents::Shape::document;
  const bool is_same_kind = here && here->agent == place.agent && here->format == place.format;
  if (is_same_kind && (is_document || is_untouched || file_of(here->stamp) == file_of(stamp)))
    return *here;
  auto moved = by_file_.find(file_of(stamp));
  // A file system gives the number of a file that is gone to another.
  if (moved != by_file_.end() && (is_document || moved->second->agent != place.agent ||
                                  moved->second->format != place.format)) {
    by_file_.erase(moved);
    moved = by_file_.end();
  }
  std::uint64_t generation = 0;
  if (here) {
    generation = here->generation + 1;
    leave(*here);
  }
  if (moved != by_file_.end()) {
    settle_at(*moved->second, place.path);
    return *moved->second;
  }
  auto cursor = std::make_unique<Cursor>();
  cursor->id = ++newest_id_;
  cursor->agent = place.agent;
  cursor->format = place.format;
  cursor->generation = generation;
  cursor->path = place.path;
  Cursor& added = *cursor;
  cursors_[added.id] = std::move(cursor);
  by_path_[added.path] = &added;
  return added;
}

std::optional<std::string> CursorIndex::path_of(std::int64_t id) const {
  const auto found = cursors_.find(id);
  if (found == cursors_.end() || found->second->path.empty()) return std::nullopt;
  return found->second->path;
}

void CursorIndex::put(const Cursor& cursor) {
  const auto found = cursors_.find(cursor.id);
  if (found == cursors_.end()) return;
  Cursor& known = *found->second;
  const auto file = by_file_.find(file_of(known.stamp));
  if (file != by_file_.end() && file->second == &known) by_file_.erase(file);
  // Its path may have changed since the other was copied.
  const bool is_placed = find(known.path) == &known;
  if (is_placed) by_path_.erase(known.path);
  const std::string path = known.path;
  known = cursor;
  known.path = path;
  if (is_placed) by_path_[known.path] = &known;
  by_file_[file_of(known.stamp)] = &known;
}

void CursorIndex::moved(std::string_view from, const std::string& to) {
  Cursor* const cursor = find(from);
  if (!cursor || from == to) return;
  if (Cursor* replaced = find(to)) leave(*replaced);
  settle_at(*cursor, to);
}

void CursorIndex::left(std::string_view path) {
  if (Cursor* cursor = find(path)) leave(*cursor);
}

void CursorIndex::settle_at(Cursor& cursor, const std::string& path) {
  if (!cursor.path.empty()) by_path_.erase(cursor.path);
  cursor.path = path;
  by_path_[cursor.path] = &cursor;
  moves_.emplace_back(cursor.id, path);
}

void CursorIndex::leave(Cursor& cursor) {
  by_path_.erase(cursor.path);
  cursor.path.clear();
  moves_.emplace_back(cursor.id, "");
}

std::vector<std::pair<std::int64_t, std::string>> CursorIndex::take_moves() {
  return std::exchange(moves_, {});
}

}  // namespace collector
