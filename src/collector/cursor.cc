#include "collector/cursor.h"

#include "agents/locations.h"
#include "store/migrations.h"

namespace collector::cursors {
namespace {

using base::Result;
using store::Database;

constexpr std::string_view kTable =
    "CREATE TABLE sightline_cursors("
    "id INTEGER PRIMARY KEY, path TEXT NOT NULL, agent TEXT NOT NULL, format TEXT NOT NULL, "
    "generation INTEGER NOT NULL, byte_offset INTEGER NOT NULL, lines INTEGER NOT NULL, "
    "head_bytes INTEGER NOT NULL, head_hash INTEGER NOT NULL, "
    "anchor_bytes INTEGER NOT NULL, anchor_hash INTEGER NOT NULL, "
    "device INTEGER NOT NULL, inode INTEGER NOT NULL, bytes INTEGER NOT NULL, "
    "modified_ns INTEGER NOT NULL, items INTEGER NOT NULL, last_ms INTEGER, from_ms INTEGER, "
    "reader_state TEXT NOT NULL, mapping_state TEXT NOT NULL, updated_at TEXT NOT NULL); "
    "CREATE INDEX sightline_cursors_by_path ON sightline_cursors(path)";
constexpr std::string_view kAll =
    "SELECT id, path, agent, format, generation, byte_offset, lines, head_bytes, head_hash, "
    "anchor_bytes, anchor_hash, device, inode, bytes, modified_ns, items, last_ms, from_ms "
    "FROM sightline_cursors";
constexpr std::string_view kPut =
    "INSERT OR REPLACE INTO sightline_cursors VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
    "?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, datetime('now'))";

// SQLite's integers are signed; the bits are kept.
std::int64_t to_signed(std::uint64_t bits) { return static_cast<std::int64_t>(bits); }
std::uint64_t to_unsigned(std::int64_t bits) { return static_cast<std::uint64_t>(bits); }

std::optional<std::int64_t> to_ms(const std::optional<base::Time>& time) {
  if (!time) return std::nullopt;
  return time->time_since_epoch().count();
}

std::optional<base::Time> time_at(const store::Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return base::Time{std::chrono::milliseconds{row.integer(column)}};
}

/// Nothing when a later version has written a format that this one does not know.
std::optional<Cursor> read(const store::Statement& row) {
  const auto agent = agents::parse_agent(row.text(2));
  const auto format = agents::parse_format(row.text(3));
  if (!agent || !format) return std::nullopt;
  Cursor cursor;
  cursor.id = row.integer(0);
  cursor.path = row.text(1);
  cursor.agent = *agent;
  cursor.format = *format;
  std::uint64_t* const numbers[] = {&cursor.generation,  &cursor.offset,       &cursor.lines,
                                    &cursor.head_bytes,  &cursor.head_hash,    &cursor.anchor_bytes,
                                    &cursor.anchor_hash, &cursor.stamp.device, &cursor.stamp.inode,
                                    &cursor.stamp.bytes};
  int column = 4;
  for (std::uint64_t* number : numbers) *number = to_unsigned(row.integer(column++));
  cursor.stamp.modified_ns = row.integer(14);
  cursor.items = row.integer(15);
  cursor.last = time_at(row, 16);
  cursor.from = time_at(row, 17);
  return cursor;
}

}  // namespace

Result<void> create(Database& db) {
  const store::Migration steps[] = {
      {1, "cursors", [](Database& to) { return to.execute(std::string(kTable)); }}};
  TRY_OK(store::migrate(db, "cursors", steps));
  // Of files that left their place long ago.
  return db.run(
      "DELETE FROM sightline_cursors WHERE path = '' AND updated_at < datetime('now', '-30 days')");
}

Result<std::vector<Cursor>> all(Database& db) {
  std::vector<Cursor> found;
  TRY(auto rows, db.prepare(kAll));
  for (;;) {
    TRY(const bool row, rows.step());
    if (!row) return found;
    if (auto cursor = read(rows)) found.push_back(std::move(*cursor));
  }
}

Result<ReadingState> state_of(Database& db, std::int64_t id) {
  TRY(auto row,
      db.prepare("SELECT reader_state, mapping_state FROM sightline_cursors WHERE id = ?1"));
  TRY(const bool found, row.bind(id).step());
  ReadingState state;
  if (found) {
    state.reader = row.text(0);
    state.mapping = row.text(1);
  }
  return state;
}

Result<void> put(Database& db, const Cursor& c, const ReadingState& state) {
  return db.run(kPut, c.id, c.path, agents::short_name(c.agent), agents::name(c.format),
                to_signed(c.generation), to_signed(c.offset), to_signed(c.lines),
                to_signed(c.head_bytes), to_signed(c.head_hash), to_signed(c.anchor_bytes),
                to_signed(c.anchor_hash), to_signed(c.stamp.device), to_signed(c.stamp.inode),
                to_signed(c.stamp.bytes), c.stamp.modified_ns, c.items, to_ms(c.last),
                to_ms(c.from), state.reader, state.mapping);
}

Result<void> move(Database& db, std::int64_t id, const std::string& path) {
  return db.run(
      "UPDATE sightline_cursors SET path = ?2, updated_at = datetime('now') WHERE id = ?1", id,
      path);
}

}  // namespace collector::cursors
