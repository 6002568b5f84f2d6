#include "document_text.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "agents/line_splitter.h"

namespace agents {
namespace {

using base::Errc;
using base::Error;
using base::Result;

constexpr std::size_t kBlockBytes = std::size_t{256} << 10;

class File {
 public:
  // A pipe of that name would block for ever.
  explicit File(const std::string& path)
      : handle_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (handle_ >= 0) ::close(handle_);
  }
  int handle() const { return handle_; }

 private:
  int handle_;
};

Error failure(const std::string& path) {
  const int error = errno;
  return {error == ENOENT || error == ENOTDIR ? Errc::not_found : Errc::unavailable,
          fmt::format("{}: {}", path, std::strerror(error))};
}

}  // namespace

Result<void> read_blocks(const std::string& path, const std::function<void(std::string_view)>& take,
                         const std::atomic<bool>& stopping) {
  const File file(path);
  struct stat status {};
  if (file.handle() < 0 || ::fstat(file.handle(), &status) != 0) return failure(path);
  if (!S_ISREG(status.st_mode)) return Error{Errc::unavailable, path + ": not a file"};
  std::string block(kBlockBytes, '\0');
  for (;;) {
    if (stopping) return Error{Errc::cancelled, path};
    const ssize_t count = ::read(file.handle(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure(path);
    if (count == 0) return {};
    take({block.data(), static_cast<std::size_t>(count)});
  }
}

Result<std::string> read_shortened(const std::string& path, const std::atomic<bool>& stopping) {
  std::string text;
  StringShortener shortener;
  bool is_too_long = false;
  const auto take = [&](std::string_view block) {
    if (is_too_long) return;
    shortener.feed(block, text);
    is_too_long = text.size() > LineSplitter::kMaxBytes;
  };
  TRY_OK(read_blocks(path, take, stopping));
  if (is_too_long) return Error{Errc::corrupt, path + ": too long"};
  return text;
}

std::string shortened(std::string json) {
  if (json.size() <= StringShortener::kMaxStringBytes) return json;
  std::string text;
  StringShortener().feed(json, text);
  if (text.size() > LineSplitter::kMaxBytes) text.clear();
  return text;
}

}  // namespace agents
