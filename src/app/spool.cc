#include "spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "base/text.h"
#include "base/ulid.h"

namespace app {
namespace {

using base::Errc;
using base::Error;
using base::Result;

constexpr std::string_view kEnding = ".json", kRejected = ".rejected", kTemporary = ".tmp";
constexpr std::string_view kDropped = ".dropped";  // a byte for each event that was
constexpr std::time_t kTemporaryLife = 3600;       // seconds

Error failed(const std::string& what) {
  return {Errc::unavailable, fmt::format("spool {}: {}", what, std::strerror(errno))};
}

/// Makes `folder` and what is missing above it, for the owner alone.
Result<void> make_folders(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
  const std::size_t slash = folder.rfind('/');
  if (errno != ENOENT || slash == folder.npos || slash == 0) return failed(folder);
  TRY_OK(make_folders(folder.substr(0, slash)));
  if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return failed(folder);
}

Result<void> write_file(const std::string& path, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return failed(path);
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      Error error = failed(path);
      ::close(file);
      return error;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::close(file) != 0) return failed(path);
  return {};
}

/// What its name says of its size; it is not asked for at the disk.
std::size_t size_in(std::string_view name) {
  const std::size_t dash = name.find('-');
  if (dash == name.npos) return 0;
  const auto size = base::parse_leading_int(name.substr(dash + 1));
  return static_cast<std::size_t>(std::clamp<std::int64_t>(size.value_or(0), 0, 1 << 30));
}

bool is_event(std::string_view name) { return name.ends_with(kEnding) && !name.starts_with('.'); }

/// The content of a spooled file into `entry`; false when it is not there any more.
bool read_file(const std::string& path, Spool::Entry& entry) {
  const int file = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) {
    if (errno == ENOENT) return false;
    entry.problem = std::strerror(errno);
    return true;
  }
  struct stat about {};
  if (::fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
    entry.problem = "no regular file";
  } else if (about.st_size > static_cast<off_t>(Spool::kMaxEventBytes)) {
    entry.problem = fmt::format("{} bytes are too many for an event", about.st_size);
  } else {
    entry.text.resize(static_cast<std::size_t>(about.st_size));
    const ssize_t got = ::read(file, entry.text.data(), entry.text.size());
    if (got != about.st_size) entry.problem = got < 0 ? std::strerror(errno) : "cut short";
  }
  ::close(file);
  return true;
}

/// The names of one address are one.
std::string canonical(const std::string& authority) {
  const std::size_t colon = authority.rfind(':');
  const std::string_view host = std::string_view(authority).substr(0, colon);
  if (host == "localhost" || host == "0.0.0.0" || host == "[::]")
    return "127.0.0.1" + authority.substr(std::min(colon, authority.size()));
  return authority;
}

}  // namespace

std::optional<std::string> Spool::root(const Lookup& environment) {
  const auto data = environment("XDG_DATA_HOME");
  if (data && !data->empty()) return *data + "/sightline/spool";
  const auto home = environment("HOME");
  if (home && !home->empty()) return *home + "/.local/share/sightline/spool";
  return std::nullopt;
}

Spool Spool::for_server(const std::string& root, const std::string& authority, Limits limits) {
  return Spool(root + "/" + canonical(authority), limits);
}

std::string Spool::path(std::string_view name) const { return fmt::format("{}/{}", folder_, name); }

std::vector<std::string> Spool::names() const {
  std::vector<std::string> found;
  DIR* const listing = ::opendir(folder_.c_str());
  if (!listing) return found;
  while (const dirent* entry = ::readdir(listing)) {
    const std::string_view name = entry->d_name;
    if (is_event(name) || (name.ends_with(kRejected) && !name.starts_with('.')))
      found.emplace_back(name);
  }
  ::closedir(listing);
  return found;
}

void Spool::make_room(std::size_t bytes) {
  std::vector<std::string> all = names();
  std::size_t files = all.size() + 1;
  for (const std::string& name : all) bytes += size_in(name);
  if (files <= limits_.files && bytes <= limits_.bytes) return;
  std::sort(all.begin(), all.end());
  // More than must go: not every hook shall have to look for the oldest.
  const std::size_t fewer = limits_.files - limits_.files / 16;
  const std::size_t smaller = limits_.bytes - limits_.bytes / 16;
  std::string dropped;
  for (const std::string& name : all) {
    if (files <= fewer && bytes <= smaller) break;
    // One that is gone by now has been delivered, or was dropped by another.
    if (::unlink(path(name).c_str()) == 0 && is_event(name)) dropped += '.';
    --files, bytes -= size_in(name);
  }
  if (dropped.empty()) return;
  const int file =
      ::open(path(kDropped).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return;
  (void)!::write(file, dropped.data(), dropped.size());
  ::close(file);
}

Result<void> Spool::write(std::string_view event) {
  if (event.size() > kMaxEventBytes)
    return Error{Errc::invalid_argument, fmt::format("an event of {} bytes", event.size())};
  TRY_OK(make_folders(folder_));
  make_room(event.size());
  const std::string id = ids_.next();
  const std::string temporary = path(fmt::format(".{}{}", id, kTemporary));
  const std::string final_path = path(fmt::format("{}-{}{}", id, event.size(), kEnding));
  auto written = write_file(temporary, event);
  if (written && ::rename(temporary.c_str(), final_path.c_str()) != 0) written = failed(final_path);
  if (!written) ::unlink(temporary.c_str());
  return written;
}

std::vector<Spool::Entry> Spool::read(const std::string& after, std::size_t files,
                                      std::size_t bytes) {
  std::vector<Entry> entries;
  std::size_t taken = 0;
  std::vector<std::string> all = names();
  std::sort(all.begin(), all.end());
  for (std::string& name : all) {
    if (name <= after || !is_event(name)) continue;
    if (entries.size() >= files || taken >= bytes) break;
    Entry entry{std::move(name), {}, {}};
    if (!read_file(path(entry.name), entry)) continue;
    taken += entry.text.size();
    entries.push_back(std::move(entry));
  }
  return entries;
}

void Spool::remove(const Entry& entry) { ::unlink(path(entry.name).c_str()); }

void Spool::reject(const Entry& entry) {
  const std::string name = path(entry.name);
  ::rename(name.c_str(), (name + std::string(kRejected)).c_str());
}

std::optional<std::int64_t> Spool::changed_at() const {
  struct stat about {};
  if (::stat(folder_.c_str(), &about) != 0) return std::nullopt;
  return std::int64_t{about.st_mtim.tv_sec} * 1'000'000'000 + about.st_mtim.tv_nsec;
}

void Spool::sweep() const {
  DIR* const listing = ::opendir(folder_.c_str());
  if (!listing) return;
  const std::time_t now = std::time(nullptr);
  while (const dirent* entry = ::readdir(listing)) {
    struct stat about {};
    if (!std::string_view(entry->d_name).ends_with(kTemporary)) continue;
    if (::fstatat(::dirfd(listing), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (now - about.st_mtime > kTemporaryLife) ::unlinkat(::dirfd(listing), entry->d_name, 0);
  }
  ::closedir(listing);
}

std::size_t Spool::take_dropped() {
  // Renamed first, so that what another process drops from now on is counted anew.
  const std::string taken = path(fmt::format("{}.taken", kDropped));
  if (::rename(path(kDropped).c_str(), taken.c_str()) != 0) return 0;
  struct stat about {};
  const bool known = ::stat(taken.c_str(), &about) == 0;
  ::unlink(taken.c_str());
  return known ? static_cast<std::size_t>(about.st_size) : 0;
}

}  // namespace app
