#include "store/sqlite.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

namespace store {
namespace {

using base::Errc;
using base::Error;
using base::Result;

constexpr int kBusyTimeoutMs = 5000;
constexpr std::size_t kMaxCached =
    256;                              // statements; more texts than that are made up, not written
constexpr int kProgressSteps = 2000;  // virtual machine steps between looks at the deadline

Errc errc(int code) {
  switch (code & 0xFF) {
    case SQLITE_CONSTRAINT:
      return Errc::conflict;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:  // our SQL and the schema do not fit: another program has changed it
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
      return Errc::corrupt;
    case SQLITE_TOOBIG:
      return Errc::invalid_argument;
    default:
      return Errc::unavailable;
  }
}

Error last_error(sqlite3* db) { return {errc(sqlite3_extended_errcode(db)), sqlite3_errmsg(db)}; }

/// A database file of our own making is for its owner's eyes only.
void create_private(const std::string& path) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(path).parent_path();
  std::error_code ignored;  // opening the file tells what is wrong
  if (!folder.empty() && !fs::exists(folder, ignored)) {
    fs::create_directories(folder, ignored);
    fs::permissions(folder, fs::perms::owner_all, ignored);
  }
  // Only one that is not there: to close any descriptor of a file gives back all locks that this
  // process holds on it, those of other connections too, and another program would take the
  // database for one that nobody uses.
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file >= 0) ::close(file);
}

}  // namespace

Statement::~Statement() {
  if (!statement_) return;
  *borrowed_ = false;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

// A failing bind is a wrong index (a bug) or no memory; the step that follows reports either.
void Statement::bind_one(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_, index, value);
}
void Statement::bind_one(int index, double value) { sqlite3_bind_double(statement_, index, value); }
void Statement::bind_one(int index, std::string_view text) {
  // A null pointer would bind NULL: an empty text is still a text.
  const char* data = text.data() ? text.data() : "";
  sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
}
void Statement::bind_one(int index, NullIfEmpty value) {
  value.text.empty() ? bind_one(index, nullptr) : bind_one(index, value.text);
}
void Statement::bind_one(int index, std::nullptr_t) { sqlite3_bind_null(statement_, index); }

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return last_error(sqlite3_db_handle(statement_));
}

Result<void> Statement::run() {
  for (;;) {
    auto row = step();
    if (!row) {
      sqlite3_reset(statement_);
      return std::move(row.error());
    }
    if (!*row) break;
  }
  sqlite3_reset(statement_);
  return {};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}
std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}
double Statement::real(int column) const { return sqlite3_column_double(statement_, column); }
std::string_view Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (!text) return {};
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}
std::optional<double> Statement::real_or_null(int column) const {
  return is_null(column) ? std::nullopt : std::optional(real(column));
}
std::optional<std::string> Statement::text_or_null(int column) const {
  return is_null(column) ? std::nullopt : std::optional(std::string(text(column)));
}

Transaction::~Transaction() {
  // SQLite has rolled back by itself after some failures: then this fails, and that is fine.
  if (db_) sqlite3_exec(db_->db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<void> Transaction::commit() {
  ASSERT(db_);
  TRY_OK(db_->run("COMMIT"));
  db_ = nullptr;
  return {};
}

void Database::Close::operator()(sqlite3* db) const { sqlite3_close_v2(db); }
void Database::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Database::Database(Database&&) noexcept = default;
Database::~Database() { cache_.clear(); }

Result<Database> Database::open(const std::string& path, Access access) {
  if (access == Access::read_write && path != ":memory:") create_private(path);
  const int flags = access == Access::read_write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                                 : SQLITE_OPEN_READONLY;
  auto db = connect(path, flags, nullptr);
  if (!db) return std::move(db.error()).within("database " + path);
  if (access == Access::read_write) {
    auto wal = db->switch_to_wal();
    if (!wal) return std::move(wal.error()).within("database " + path);
  }
  return db;
}

/// SQLite does not wait by itself here while another program makes the same switch.
Result<void> Database::switch_to_wal() {
  constexpr std::chrono::milliseconds kPause{5};
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds{kBusyTimeoutMs};
  for (;;) {
    auto done = execute("PRAGMA journal_mode=WAL");
    if (done || sqlite3_errcode(db_.get()) != SQLITE_BUSY ||
        std::chrono::steady_clock::now() > deadline)
      return done;
    std::this_thread::sleep_for(kPause);
  }
}

Result<Database> Database::connect(const std::string& name, int flags, const char* vfs) {
  // Without statistics nobody asks for, an allocation inside SQLite needs no lock. Before the first
  // use of the library; later it is refused, and nothing is lost.
  static const int kUncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)kUncounted;
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, vfs);
  Database db(handle);
  if (code != SQLITE_OK)
    return Error{errc(code), handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code)};
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  return db;
}

Result<Statement> Database::prepare(std::string_view sql) {
  auto found = cache_.find(sql);
  if (found == cache_.end()) {
    if (cache_.size() >= kMaxCached)
      std::erase_if(cache_, [](const auto& entry) { return !entry.second->borrowed; });
    auto cached = std::make_unique<Cached>();
    cached->sql = sql;
    sqlite3_stmt* statement = nullptr;
    const int code =
        sqlite3_prepare_v3(db_.get(), cached->sql.c_str(), static_cast<int>(cached->sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return last_error(db_.get());
    cached->statement.reset(statement);
    const std::string_view key = cached->sql;
    found = cache_.emplace(key, std::move(cached)).first;
  }
  Cached& cached = *found->second;
  ASSERT(!cached.borrowed);
  cached.borrowed = true;
  return Statement(cached.statement.get(), &cached.borrowed);
}

Result<void> Database::execute(const std::string& script) {
  if (sqlite3_exec(db_.get(), script.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return last_error(db_.get());
  return {};
}

void Database::release_memory() { sqlite3_db_release_memory(db_.get()); }

Result<Transaction> Database::begin(Locking locking) {
  TRY_OK(run(locking == Locking::immediate ? "BEGIN IMMEDIATE" : "BEGIN DEFERRED"));
  return Transaction(*this);
}

std::int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(db_.get()); }
std::int64_t Database::changes() const { return sqlite3_changes64(db_.get()); }

int Database::on_progress(void* deadline) {
  return std::chrono::steady_clock::now() >
         *static_cast<std::chrono::steady_clock::time_point*>(deadline);
}

void Database::set_deadline(std::optional<std::chrono::steady_clock::time_point> deadline) {
  if (!deadline) {
    sqlite3_progress_handler(db_.get(), 0, nullptr, nullptr);
    return;
  }
  deadline_ = std::make_unique<std::chrono::steady_clock::time_point>(*deadline);
  sqlite3_progress_handler(db_.get(), kProgressSteps, &Database::on_progress, deadline_.get());
}

}  // namespace store
