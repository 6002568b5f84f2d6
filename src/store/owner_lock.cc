#include "store/owner_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/clock.h"
#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/time_text.h"
#include "base/ulid.h"

namespace store {
namespace {

using base::Errc;
using base::Error;
using base::Result;

constexpr int kTakeOvers = 4;  // several processes may find the same dead owner at once

struct Mark {
  std::int64_t pid = 0;
  bool by_sightline = false;
};

std::string mark_text(const std::string& database_path) {
  std::string text;
  base::json::Writer json(text);
  json.begin_object().key("pid").value(::getpid());
  json.key("startedAt").value(base::to_iso_ms(base::Clock::system().now()));
  json.key("token").value(base::UlidGenerator().next());
  json.key("dbPath").value(database_path).key("program").value("sightline").end_object();
  return text;
}

Mark read_mark(int file) {
  char bytes[4096];
  const ssize_t size = ::pread(file, bytes, sizeof bytes, 0);
  if (size <= 0) return {};
  base::json::Document document;
  const auto value = document.parse({bytes, static_cast<std::size_t>(size)});
  if (!value || !value->is(base::json::Kind::object)) return {};
  Mark mark;
  if (const auto pid = value->find("pid"); pid && pid->is(base::json::Kind::number))
    mark.pid = pid->to_int().value_or(0);
  const auto program = value->find("program");
  mark.by_sightline = program && program->text() == "sightline";
  return mark;
}

bool is_alive(std::int64_t pid) {
  return pid > 0 && (::kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM);
}

/// The same file is still there under that name.
bool is_linked(int file, const std::string& path) {
  struct stat open_file {
  }, named{};
  return ::fstat(file, &open_file) == 0 && ::stat(path.c_str(), &named) == 0 &&
         open_file.st_ino == named.st_ino && open_file.st_dev == named.st_dev;
}

}  // namespace

Result<OwnerLock> OwnerLock::acquire(const std::string& database_path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path real = fs::weakly_canonical(database_path, error);
  const std::string path = (error ? fs::path(database_path) : real).string() + ".runtime.lock";

  for (int attempt = 0; attempt < kTakeOvers; ++attempt) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
      return Error{Errc::unavailable, fmt::format("lock file {}: {}", path, std::strerror(errno))};
    const Mark owner = read_mark(file);
    const bool locked = ::flock(file, LOCK_EX | LOCK_NB) == 0;
    const bool foreign =
        locked && !owner.by_sightline && owner.pid != ::getpid() && is_alive(owner.pid);
    if (!locked || foreign) {
      ::close(file);
      return Error{
          Errc::conflict,
          fmt::format("database {} is in use by process {}; stop it, or choose another file",
                      database_path, owner.pid)};
    }
    if (!is_linked(file, path)) {  // its last owner removed it between our open and our lock
      ::close(file);
      continue;
    }
    const std::string text = mark_text(database_path);
    if (::ftruncate(file, 0) != 0 ||
        ::pwrite(file, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
      const Error failed{Errc::unavailable,
                         fmt::format("lock file {}: {}", path, std::strerror(errno))};
      ::close(file);
      return failed;
    }
    return OwnerLock(path, file);
  }
  return Error{Errc::conflict, fmt::format("lock file {} is fought over; try again", path)};
}

OwnerLock::OwnerLock(OwnerLock&& other) noexcept
    : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)) {}

OwnerLock::~OwnerLock() {
  if (file_ < 0) return;
  ::unlink(path_.c_str());  // before the lock is given back, so nobody can lock a removed file
  ::close(file_);
}

}  // namespace store
