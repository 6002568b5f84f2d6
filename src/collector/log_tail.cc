#include "log_tail.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/sha256.h"

// Invariants: `lines_.next_offset()` <= `position_`, and the bytes between stand in the splitter.
// The cursor's hashes are of bytes before its offset, all of which end in complete lines.

namespace collector {
namespace {

using agents::FileStamp;
using base::Result;

constexpr std::size_t kBlockBytes = std::size_t{256} << 10;

/// The bytes at [begin, begin + count); fewer where the file ends before.
Result<std::string> bytes_at(int file, std::uint64_t begin, std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t done = 0;
  while (done < count) {
    const ssize_t got =
        ::pread(file, bytes.data() + done, count - done, static_cast<off_t>(begin + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return agents::file_error("reading");
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

std::uint64_t hash(std::string_view bytes) {
  base::Sha256 sha;
  sha.add(bytes);
  const base::Sha256::Digest digest = sha.finish();
  std::uint64_t first = 0;
  std::memcpy(&first, digest.data(), sizeof first);
  return first;
}

Result<bool> has_hash(int file, std::uint64_t begin, std::uint64_t count, std::uint64_t expected) {
  TRY(const std::string bytes, bytes_at(file, begin, static_cast<std::size_t>(count)));
  return bytes.size() == count && hash(bytes) == expected;
}

}  // namespace

Result<LogTail> LogTail::open(const Cursor& cursor, const std::string& state,
                              MakeReader make_reader) {
  // A pipe of that name would block for ever.
  const int file = ::open(cursor.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return agents::file_error(cursor.path);
  LogTail tail(file, cursor, std::move(make_reader));
  TRY_OK(tail.look());
  TRY_OK(tail.take_up(cursor, state));
  return tail;
}

LogTail::LogTail(int file, Cursor cursor, MakeReader make_reader)
    : file_(file), cursor_(std::move(cursor)), make_reader_(std::move(make_reader)) {}

LogTail::LogTail(LogTail&& other) noexcept
    : file_(std::exchange(other.file_, -1)),
      cursor_(std::move(other.cursor_)),
      make_reader_(std::move(other.make_reader_)),
      reader_(std::move(other.reader_)),
      lines_(std::move(other.lines_)),
      stamp_(other.stamp_),
      block_(std::move(other.block_)),
      position_(other.position_),
      is_inside_block_(other.is_inside_block_),
      has_begun_anew_(other.has_begun_anew_) {}

LogTail::~LogTail() {
  if (file_ >= 0) ::close(file_);
}

Result<void> LogTail::look() {
  TRY(stamp_, agents::stamp_of(file_, cursor_.path));
  return {};
}

/// Whether the file is the one that `cursor` was made of, no shorter, and with the same bytes
/// before the offset as far as they are known.
Result<bool> LogTail::still_is(const Cursor& cursor) const {
  if (stamp_.device != cursor.stamp.device || stamp_.inode != cursor.stamp.inode) return false;
  if (stamp_.bytes < cursor.offset) return false;
  TRY(const bool head, has_hash(file_, 0, cursor.head_bytes, cursor.head_hash));
  if (!head) return false;
  return has_hash(file_, cursor.offset - cursor.anchor_bytes, cursor.anchor_bytes,
                  cursor.anchor_hash);
}

Result<void> LogTail::take_up(const Cursor& cursor, const std::string& state) {
  const bool is_new = cursor.stamp == FileStamp{};
  TRY(const bool goes_on, is_new ? Result<bool>(false) : still_is(cursor));
  if (!goes_on) {
    if (!is_new) begin_anew();
    if (is_new) reader_ = make_reader_();
    return {};
  }
  reader_ = make_reader_();
  if (!reader_->restore(state)) {
    // A later version's, or none: what was read already is told again, under the same ids.
    begin_anew();
    return {};
  }
  lines_ = agents::LineSplitter(cursor.offset, cursor.lines);
  position_ = cursor.offset;
  return {};
}

void LogTail::begin_anew() {
  has_begun_anew_ = true;
  ++cursor_.generation;
  cursor_.offset = cursor_.lines = cursor_.items = 0;
  cursor_.head_bytes = cursor_.head_hash = cursor_.anchor_bytes = cursor_.anchor_hash = 0;
  reader_ = make_reader_();
  lines_ = {};
  position_ = 0;
  is_inside_block_ = false;
}

/// Before more is read: whether the bytes that were taken still stand there.
Result<void> LogTail::look_again() {
  TRY_OK(look());
  TRY(const bool goes_on, cursor_.offset == 0 ? Result<bool>(true) : still_is(cursor_));
  if (!goes_on || stamp_.bytes < lines_.next_offset()) {
    begin_anew();
  } else if (lines_.pending_bytes() <= agents::LineSplitter::kWholeBytes) {
    // The begin of a line is read again with its rest: it may have changed, and nothing knows it.
    lines_ = agents::LineSplitter(lines_.next_offset(), lines_.lines());
    position_ = lines_.next_offset();
  }
  return {};
}

Result<bool> LogTail::read(const agents::LogReader::Sink& sink,
                           const std::function<bool()>& enough) {
  has_begun_anew_ = false;
  if (!is_inside_block_) TRY_OK(look_again());
  agents::Line line;
  for (;;) {
    while (lines_.next(line)) {
      reader_->read(line, sink);
      if (!enough()) continue;
      is_inside_block_ = true;
      return true;
    }
    is_inside_block_ = false;
    block_.resize(kBlockBytes);
    const ssize_t count =
        ::pread(file_, block_.data(), block_.size(), static_cast<off_t>(position_));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return agents::file_error(cursor_.path);
    if (count == 0) {
      block_ = {};  // many logs may wait for more
      return false;
    }
    position_ += static_cast<std::uint64_t>(count);
    lines_.feed({block_.data(), static_cast<std::size_t>(count)});
  }
}

Result<Cursor> LogTail::cursor() {
  cursor_.offset = lines_.next_offset();
  cursor_.lines = lines_.lines();
  if (cursor_.head_bytes < kHeadBytes) {
    TRY(const std::string head,
        bytes_at(file_, 0,
                 static_cast<std::size_t>(std::min<std::uint64_t>(cursor_.offset, kHeadBytes))));
    cursor_.head_bytes = head.size();
    cursor_.head_hash = hash(head);
  }
  cursor_.anchor_bytes = std::min<std::uint64_t>(cursor_.offset, kAnchorBytes);
  TRY(const std::string anchor, bytes_at(file_, cursor_.offset - cursor_.anchor_bytes,
                                         static_cast<std::size_t>(cursor_.anchor_bytes)));
  cursor_.anchor_hash = hash(anchor);
  cursor_.stamp = stamp_;
  return cursor_;
}

}  // namespace collector
