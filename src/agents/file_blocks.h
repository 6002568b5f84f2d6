#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace agents {

/// A file from its begin to its end, block by block; only ever read. Thread: one.
/// Errors: `not_found`, `unavailable` (no right to read, no file, I/O error).
class FileBlocks {
 public:
  static constexpr std::size_t kBlockBytes = std::size_t{256} << 10;

  static base::Result<FileBlocks> open(const std::string& path);
  FileBlocks(FileBlocks&& other) noexcept : file_(other.file_), block_(std::move(other.block_)) {
    other.file_ = -1;
  }
  FileBlocks& operator=(FileBlocks&&) = delete;
  ~FileBlocks();

  /// Valid until the next call; empty at the end.
  base::Result<std::string_view> next();

 private:
  explicit FileBlocks(int file) : file_(file) {}

  int file_;
  std::string block_;
};

}  // namespace agents
