#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "agents/log_reader.h"
#include "base/result.h"
#include "base/sha256.h"

namespace agents {

/// What tells one state of a file from another without reading it.
struct FileStamp {
  std::uint64_t device = 0, inode = 0, bytes = 0;
  std::int64_t modified_ns = 0;  // since 1970
  bool operator==(const FileStamp&) const = default;
};

/// A log on disk on its way through a reader, block by block; only ever read.
///
/// A file that shrinks or is replaced meanwhile ends where its bytes end: nothing is read twice.
/// Thread: one. Errors: `not_found`, `unavailable` (no right to read, I/O error).
class LogFile {
 public:
  enum class Hashing { no, yes };

  static base::Result<LogFile> open(const std::string& path, std::unique_ptr<LogReader> reader,
                                    Hashing hashing = Hashing::yes);
  LogFile(LogFile&& other) noexcept;
  LogFile& operator=(LogFile&&) = delete;
  ~LogFile();

  /// The state of the file when it was opened.
  const FileStamp& stamp() const { return stamp_; }

  /// Reads until `enough` says so after a line or block, or the file ends; false: it has ended.
  base::Result<bool> read(const LogReader::Sink& sink, const std::function<bool()>& enough);

  /// Of what has been read.
  std::uint64_t bytes_read() const { return bytes_read_; }
  /// Of all bytes, once the file has ended; with Hashing::yes.
  std::string hash_hex() { return base::to_hex(hash_.finish()); }
  const ReadCounts& counts() const { return reader_->counts(); }

 private:
  LogFile(int file, FileStamp stamp, std::unique_ptr<LogReader> reader, Hashing hashing);

  int file_;
  FileStamp stamp_;
  std::unique_ptr<LogReader> reader_;
  LineSplitter lines_;
  std::string block_;
  base::Sha256 hash_;
  Hashing hashing_;
  std::uint64_t bytes_read_ = 0;
  bool at_end_ = false;
};

/// What `errno` says of the file at `path`: `not_found`, else `unavailable`.
base::Error file_error(const std::string& path);

/// The stamp of an open file, which was opened by `path`; `unavailable` when it is no file but a
/// folder or a pipe.
base::Result<FileStamp> stamp_of(int file, const std::string& path);

/// The stamp of the file at `path`. `not_found`.
base::Result<FileStamp> stamp_of(const std::string& path);

/// SHA-256 of the file's bytes, as hex; of a part of them once `stopping` is true.
base::Result<std::string> hash_of(const std::string& path, const std::atomic<bool>& stopping);

}  // namespace agents
