#include "store/foreign_database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstring>

namespace store {
namespace {

using base::Errc;
using base::Error;
using base::Result;

// Of SQLite's file format: https://www.sqlite.org/fileformat.html
constexpr std::string_view kMagic{"SQLite format 3\0", 16};
constexpr std::size_t kReadVersionAt = 19;
constexpr char kWalVersion = 2;
constexpr std::string_view kJournalMagic = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7";

constexpr int kBusyTimeoutMs = 200;  // only the recovery of a WAL makes a reader wait

/// A VFS that opens the files of a database for reading and deletes none. SQLite would make a -wal
/// beside a database even for a connection that only reads, and delete one that it takes for stale.
const char* reading_vfs() {
  static sqlite3_vfs* const original = sqlite3_vfs_find(nullptr);
  static const auto open = [](sqlite3_vfs*, const char* name, sqlite3_file* file, int flags,
                              int* out) {
    constexpr int kKept = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL;
    if (flags & kKept)
      flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
    return original->xOpen(original, name, file, flags, out);
  };
  static sqlite3_vfs reading = [] {
    sqlite3_vfs vfs = *original;
    vfs.zName = "sightline-reading";
    vfs.xOpen = open;
    vfs.xDelete = [](sqlite3_vfs*, const char*, int) { return SQLITE_READONLY; };
    return vfs;
  }();
  static const int registered = sqlite3_vfs_register(&reading, 0);
  return registered == SQLITE_OK ? reading.zName : nullptr;
}

/// `path` as the URI that SQLite reads its options from.
std::string to_uri(const std::string& path, std::string_view options) {
  std::string uri = "file:";
  for (const char c : path) {
    const bool is_plain =
        std::isalnum(static_cast<unsigned char>(c)) || c == '/' || c == '.' || c == '-' || c == '_';
    if (is_plain)
      uri += c;
    else
      uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri.append("?").append(options);
}

/// The first bytes of the file at `path`; fewer where it is shorter, none where it is not there.
std::size_t read_head(const std::string& path, char* bytes, std::size_t size) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return 0;
  const ssize_t count = ::read(file, bytes, size);
  ::close(file);
  return count < 0 ? 0 : static_cast<std::size_t>(count);
}

std::uint64_t bytes_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

}  // namespace

ForeignDatabase::ForeignDatabase(std::string path, Database database, State state, bool is_shared)
    : path_(std::move(path)),
      database_(std::move(database)),
      state_(state),
      is_shared_(is_shared) {}

Result<ForeignDatabase> ForeignDatabase::open(const std::string& path) {
  auto state = state_of(path);
  if (!state) return std::move(state.error()).within("database " + path);
  const auto failure = [&path](Errc code, std::string_view what) {
    return Error{code, fmt::format("database {}: {}", path, what)};
  };
  if (std::string_view(state->header.data(), kMagic.size()) != kMagic)
    return failure(Errc::corrupt, "no database");
  const bool is_wal = state->header[kReadVersionAt] == kWalVersion;
  const bool is_shared = is_wal && state->wal_bytes > 0;
  if (!is_wal && state->has_journal)
    return failure(Errc::unavailable, "a transaction is being written");

  const char* const vfs = reading_vfs();
  if (!vfs) return failure(Errc::unavailable, "no memory");
  auto db = Database::connect(to_uri(path, is_shared ? "readonly_shm=1" : "immutable=1"),
                              SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, vfs);
  if (!db) return std::move(db.error()).within("database " + path);
  sqlite3* const handle = db->db_.get();
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, kMaxValueBytes);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  auto set = db->execute(
      "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0;"
      "SELECT 1 FROM sqlite_schema LIMIT 1");  // opens the WAL
  if (!set) return std::move(set.error()).within("database " + path);
  return ForeignDatabase(path, std::move(*db), *state, is_shared);
}

bool ForeignDatabase::is_sound() const {
  if (is_shared_) return true;
  const auto now = state_of(path_);
  return now && *now == state_;
}

Result<ForeignDatabase::State> ForeignDatabase::state_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    const int error = errno;
    const bool is_missing = error == ENOENT || error == ENOTDIR;
    return Error{is_missing ? Errc::not_found : Errc::unavailable, std::strerror(error)};
  }
  if (!S_ISREG(status.st_mode)) return Error{Errc::unavailable, "not a file"};
  if (::access(path.c_str(), R_OK) != 0) return Error{Errc::unavailable, std::strerror(errno)};
  State state{status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size), 0, 0, {},
              false};
  state.modified_ns = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
  state.wal_bytes = bytes_of(path + "-wal");
  read_head(path, state.header.data(), state.header.size());
  std::array<char, kJournalMagic.size()> magic{};
  state.has_journal = read_head(path + "-journal", magic.data(), magic.size()) == magic.size() &&
                      std::string_view(magic.data(), magic.size()) == kJournalMagic;
  return state;
}

}  // namespace store
