#include "file_blocks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace agents {

using base::Errc;
using base::Error;
using base::Result;

Result<FileBlocks> FileBlocks::open(const std::string& path) {
  // A pipe of that name would block for ever.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) {
    const int error = errno;
    return Error{error == ENOENT || error == ENOTDIR ? Errc::not_found : Errc::unavailable,
                 fmt::format("{}: {}", path, std::strerror(error))};
  }
  FileBlocks blocks(file);
  struct stat status {};
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
    return Error{Errc::unavailable, fmt::format("{}: not a file", path)};
  ::posix_fadvise(file, 0, 0, POSIX_FADV_SEQUENTIAL);
  return blocks;
}

FileBlocks::~FileBlocks() {
  if (file_ >= 0) ::close(file_);
}

Result<std::string_view> FileBlocks::next() {
  block_.resize(kBlockBytes);
  for (;;) {
    const ssize_t count = ::read(file_, block_.data(), block_.size());
    if (count >= 0) return std::string_view(block_.data(), static_cast<std::size_t>(count));
    if (errno != EINTR)
      return Error{Errc::unavailable, fmt::format("reading: {}", std::strerror(errno))};
  }
}

}  // namespace agents
