#include "import_state.h"

namespace monitor {
namespace {

using base::Result;
using store::Database;

constexpr std::string_view kStates = "SELECT file_path, file_hash, file_size FROM import_state";
constexpr std::string_view kStamps =
    "SELECT file_path, device, inode, bytes, modified_ns FROM sightline_import_files";
constexpr std::string_view kStoreState =
    "INSERT INTO import_state(file_path, file_hash, file_size, source, events_imported, "
    "imported_at) VALUES(?1, ?2, ?3, ?4, ?5, datetime('now')) "
    "ON CONFLICT(file_path) DO UPDATE SET file_hash = excluded.file_hash, "
    "file_size = excluded.file_size, source = excluded.source, "
    "events_imported = excluded.events_imported, imported_at = excluded.imported_at";

std::uint64_t number(const store::Statement& row, int column) {
  return static_cast<std::uint64_t>(row.integer(column));
}

}  // namespace

Result<ImportState> ImportState::read(Database& db) {
  ImportState state;
  {
    TRY(auto rows, db.prepare(kStates));
    for (;;) {
      TRY(const bool row, rows.step());
      if (!row) break;
      state.files_[std::string(rows.text(0))] = {std::string(rows.text(1)), rows.integer(2), {}};
    }
  }
  TRY(const auto has_stamps,
      db.integer("SELECT 1 FROM sqlite_master WHERE name = 'sightline_import_files'"));
  if (!has_stamps) return state;  // a dry run changes nothing, the schema neither
  TRY(auto rows, db.prepare(kStamps));
  for (;;) {
    TRY(const bool row, rows.step());
    if (!row) return state;
    const auto known = state.files_.find(std::string(rows.text(0)));
    if (known != state.files_.end())
      known->second.stamp =
          agents::FileStamp{number(rows, 1), number(rows, 2), number(rows, 3), rows.integer(4)};
  }
}

const ImportState::Known* ImportState::find(const std::string& path) const {
  const auto known = files_.find(path);
  return known == files_.end() ? nullptr : &known->second;
}

Result<void> store_import_state(Database& db, const ImportedFile& file, const std::string& hash,
                                const std::optional<agents::FileStamp>& stamp) {
  if (!hash.empty())
    TRY_OK(db.run(kStoreState, file.path, hash, static_cast<std::int64_t>(file.bytes),
                  import_source(file.agent), file.events_imported));
  if (!stamp) return db.run("DELETE FROM sightline_import_files WHERE file_path = ?1", file.path);
  return db.run("INSERT OR REPLACE INTO sightline_import_files VALUES(?1, ?2, ?3, ?4, ?5)",
                file.path, static_cast<std::int64_t>(stamp->device),
                static_cast<std::int64_t>(stamp->inode), static_cast<std::int64_t>(stamp->bytes),
                stamp->modified_ns);
}

}  // namespace monitor
