#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/follower.h"
#include "log_tail.h"

namespace collector {

/// A log that is open: read on when it changes, closed when it is quiet.
struct Follower::Log {
  std::string path;
  std::int64_t cursor_id = 0;
  agents::Agent agent{};
  Cursor cursor;  // as it was read; may be ahead of what is stored
  std::int64_t items = 0;
  std::uint64_t broken = 0;  // told so far
  std::unique_ptr<Intake> intake;
  std::optional<LogTail> tail;  // of lines
  agents::FileStamp stamp;      // of a document, before it was read
  std::string reader_state;     // of a document
  std::chrono::steady_clock::time_point changed_at;
  bool is_settled = false;
  bool was_unsettled = false;  // what is stored says that something was held back
  bool is_old = false;         // nobody had written to it for a while when it was opened
};

/// The reader of a log of lines that a sink wants to be told in this way.
std::unique_ptr<agents::LogReader> make_reader(const Cursor& cursor, agents::Telling telling,
                                               const agents::ReaderOptions& options);

/// About; a document that changes is read again no oftener than its size allows.
inline std::chrono::milliseconds time_to_read(std::uint64_t bytes) {
  constexpr std::uint64_t kBytesPerMs = 20'000;
  return std::chrono::milliseconds(bytes / kBytesPerMs);
}

/// What tells one state of a log from another: of a database its write-ahead log counts too.
base::Result<agents::FileStamp> stamp_of_log(agents::Format format, const std::string& path);

/// Whether it may be found in the middle of being written: a document, but no database, which shows
/// whole transactions only.
bool may_be_cut(agents::Format format);

/// The log that a change at `path` means: that of a database for its write-ahead log.
std::string_view log_of(std::string_view path);

/// The folders that a new source of `location` may appear in.
std::vector<std::string> folders_on_the_way(const agents::Location& location);

}  // namespace collector
