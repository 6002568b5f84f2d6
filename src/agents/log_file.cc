#include "agents/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace agents {
namespace {

using base::Errc;
using base::Error;
using base::Result;

constexpr std::size_t kBlockBytes = std::size_t{256} << 10;

FileStamp to_stamp(const struct stat& status) {
  return {status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size),
          std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

/// The next bytes of `file`; empty at its end.
Result<std::string_view> read_block(int file, std::string& block) {
  block.resize(kBlockBytes);
  for (;;) {
    const ssize_t count = ::read(file, block.data(), block.size());
    if (count >= 0) return std::string_view(block.data(), static_cast<std::size_t>(count));
    if (errno != EINTR)
      return Error{Errc::unavailable, fmt::format("reading: {}", std::strerror(errno))};
  }
}

}  // namespace

Error file_error(const std::string& path) {
  const int error = errno;
  return {error == ENOENT || error == ENOTDIR ? Errc::not_found : Errc::unavailable,
          fmt::format("{}: {}", path, std::strerror(error))};
}

Result<FileStamp> stamp_of(int file, const std::string& path) {
  struct stat status {};
  if (::fstat(file, &status) != 0) return file_error(path);
  if (!S_ISREG(status.st_mode))
    return Error{Errc::unavailable, fmt::format("{}: not a file", path)};
  return to_stamp(status);
}

Result<FileStamp> stamp_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return file_error(path);
  return to_stamp(status);
}

Result<std::string> hash_of(const std::string& path, const std::atomic<bool>& stopping) {
  TRY(LogFile file, LogFile::open(path, nullptr));
  TRY_OK(file.read([](const Record&) {}, [&stopping] { return stopping.load(); }));
  return file.hash_hex();
}

Result<LogFile> LogFile::open(const std::string& path, std::unique_ptr<LogReader> reader,
                              Hashing hashing) {
  // A pipe of that name would block for ever.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return file_error(path);
  auto stamp = stamp_of(file, path);
  if (!stamp) {
    ::close(file);
    return stamp.error();
  }
  ::posix_fadvise(file, 0, 0, POSIX_FADV_SEQUENTIAL);
  return LogFile(file, *stamp, std::move(reader), hashing);
}

LogFile::LogFile(int file, FileStamp stamp, std::unique_ptr<LogReader> reader, Hashing hashing)
    : file_(file), stamp_(stamp), reader_(std::move(reader)), hashing_(hashing) {}

LogFile::LogFile(LogFile&& other) noexcept
    : file_(std::exchange(other.file_, -1)),
      stamp_(other.stamp_),
      reader_(std::move(other.reader_)),
      lines_(std::move(other.lines_)),
      block_(std::move(other.block_)),
      hash_(std::move(other.hash_)),
      hashing_(other.hashing_),
      bytes_read_(other.bytes_read_),
      at_end_(other.at_end_) {}

LogFile::~LogFile() {
  if (file_ >= 0) ::close(file_);
}

Result<bool> LogFile::read(const LogReader::Sink& sink, const std::function<bool()>& enough) {
  Line line;
  while (!at_end_) {
    while (reader_ && lines_.next(line)) {
      reader_->read(line, sink);
      if (enough()) return true;
    }
    TRY(const std::string_view bytes, read_block(file_, block_));
    if (hashing_ == Hashing::yes) hash_.add(bytes);
    bytes_read_ += bytes.size();
    if (reader_) lines_.feed(bytes);
    if (!bytes.empty()) {
      if (enough()) return true;
      continue;
    }
    at_end_ = true;
    if (!reader_) break;
    if (lines_.last(line)) reader_->read(line, sink);
    reader_->finish(sink);
  }
  return false;
}

}  // namespace agents
