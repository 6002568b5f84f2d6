#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agents/formats.h"
#include "agents/log_file.h"
#include "agents/record.h"
#include "base/clock.h"
#include "base/result.h"
#include "store/sqlite.h"

namespace collector {

/// How far a log has been taken in. Kept in the database that receives what was read, and moved in
/// the transaction that stores it, so that each byte has its effect once.
///
/// A file is known by device, inode and the hash of its head: its path may change. The bytes just
/// before the offset are hashed too, so that a file cut short and grown again is noticed.
struct Cursor {
  std::int64_t id = 0;
  std::string path;  // empty: the file has left its place, and may turn up elsewhere
  agents::Agent agent{};
  agents::Format format{};
  std::uint64_t generation = 0;  // rises when the file at this path begins anew
  std::uint64_t offset = 0;      // behind the last complete line that was taken
  std::uint64_t lines = 0;       // before it, without blank ones
  std::uint64_t head_bytes = 0, head_hash = 0;
  std::uint64_t anchor_bytes = 0, anchor_hash = 0;
  agents::FileStamp stamp;         // when it was read to its end
  std::int64_t items = 0;          // made of it
  std::optional<base::Time> last;  // of these, the newest
  std::optional<base::Time> from;  // what is older was left out; nothing: all was taken
  bool is_at_end = false;          // of all that stands there complete; not kept
};

/// What readers and mappings remember of a log between two parts of it.
struct ReadingState {
  std::string reader, mapping;
};

/// The table of cursors; docs/formats.md, "Cursors". Thread: that of the database.
namespace cursors {

/// Also forgets those whose file left its place more than 30 days ago.
base::Result<void> create(store::Database& db);
base::Result<std::vector<Cursor>> all(store::Database& db);
base::Result<ReadingState> state_of(store::Database& db, std::int64_t id);
base::Result<void> put(store::Database& db, const Cursor& cursor, const ReadingState& state);
/// Of a file that has another path now, or none.
base::Result<void> move(store::Database& db, std::int64_t id, const std::string& path);

}  // namespace cursors
}  // namespace collector
