#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "agents/line_splitter.h"
#include "agents/log_reader.h"
#include "base/result.h"
#include "collector/cursor.h"

namespace collector {

/// One log of lines, held open and read as it grows.
///
/// Takes complete lines only: what stands behind the last line end waits for its rest. A file that
/// is cut short, or written anew in place, begins anew with the next generation; one that was
/// renamed goes on under its new name, since the file is held and not the path.
/// Thread: one. Errors: `not_found`, `unavailable`.
class LogTail {
 public:
  static constexpr std::size_t kHeadBytes = 1024;
  static constexpr std::size_t kAnchorBytes = 256;

  using MakeReader = std::function<std::unique_ptr<agents::LogReader>()>;

  /// Opens the log at `cursor.path`, behind `cursor` if it still is that file, else from its
  /// beginning. `state` is what the reader had saved there.
  static base::Result<LogTail> open(const Cursor& cursor, const std::string& state,
                                    MakeReader make_reader);
  LogTail(LogTail&& other) noexcept;
  LogTail& operator=(LogTail&&) = delete;
  ~LogTail();

  /// Whether `open` or the last `read` began the file anew: what was remembered of it is void.
  bool has_begun_anew() const { return has_begun_anew_; }

  /// Gives the records of complete lines until `enough` says so after a line, or there are no more;
  /// false: no more for now. Begins anew by itself, at the start of a call only.
  base::Result<bool> read(const agents::LogReader::Sink& sink, const std::function<bool()>& enough);

  /// Nothing has come for a while.
  void settle(const agents::LogReader::Sink& sink) { reader_->settle(sink); }

  /// Where it stands, behind the last line that was given.
  base::Result<Cursor> cursor();
  std::string reader_state() const { return reader_->save(); }
  const agents::ReadCounts& counts() const { return reader_->counts(); }
  /// Of the file when it was looked at last, and how much of it has been taken.
  std::uint64_t file_bytes() const { return stamp_.bytes; }
  std::uint64_t offset() const { return lines_.next_offset(); }

 private:
  LogTail(int file, Cursor cursor, MakeReader make_reader);

  base::Result<bool> still_is(const Cursor& cursor) const;
  base::Result<void> take_up(const Cursor& cursor, const std::string& state);
  void begin_anew();
  base::Result<void> look();
  base::Result<void> look_again();

  int file_;
  Cursor cursor_;  // as it was last asked for
  MakeReader make_reader_;
  std::unique_ptr<agents::LogReader> reader_;
  agents::LineSplitter lines_;
  agents::FileStamp stamp_;
  std::string block_;
  std::uint64_t position_ = 0;  // in the file, of the next block
  bool is_inside_block_ = false;
  bool has_begun_anew_ = false;
};

}  // namespace collector
