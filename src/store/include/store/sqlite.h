#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

/// SQLite behind Results: https://www.sqlite.org/c3ref/intro.html
///
/// Errors: `unavailable` (locked past the timeout, disk full, read-only, I/O error, interrupted),
/// `conflict` (a constraint), `corrupt` (not a database, damaged, not the schema that the SQL is
/// for), `invalid_argument` (a value longer than the connection takes). Thread: one per Database.
namespace store {

class Database;

/// A text that is stored as NULL when it is empty.
struct NullIfEmpty {
  std::string_view text;
};

/// A prepared statement, borrowed from its Database until it goes out of scope.
///
/// Bound texts must live until the last step. Columns are valid until the next step.
class Statement {
 public:
  Statement(Statement&& other) noexcept
      : statement_(std::exchange(other.statement_, nullptr)), borrowed_(other.borrowed_) {}
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  /// Binds all parameters, the first to ?1.
  template <class... Args>
  Statement& bind(const Args&... args) {
    int index = 0;
    (bind_one(++index, args), ...);
    return *this;
  }
  void bind_one(int index, std::int64_t value);
  void bind_one(int index, int value) { bind_one(index, static_cast<std::int64_t>(value)); }
  void bind_one(int index, double value);
  void bind_one(int index, std::string_view text);
  void bind_one(int index, const std::string& text) { bind_one(index, std::string_view(text)); }
  void bind_one(int index, const char* text) { bind_one(index, std::string_view(text)); }
  void bind_one(int index, NullIfEmpty text);
  void bind_one(int index, std::nullptr_t);
  template <class T>
  void bind_one(int index, const std::optional<T>& value) {
    value ? bind_one(index, *value) : bind_one(index, nullptr);
  }

  /// True: there is a row; false: done.
  base::Result<bool> step();
  /// Steps to the end and makes the statement ready to bind again.
  base::Result<void> run();

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;
  std::optional<double> real_or_null(int column) const;
  std::optional<std::string> text_or_null(int column) const;

 private:
  friend class Database;
  Statement(sqlite3_stmt* statement, bool* borrowed) : statement_(statement), borrowed_(borrowed) {}
  sqlite3_stmt* statement_;
  bool* borrowed_;
};

/// A transaction that rolls back unless it is committed.
class Transaction {
 public:
  Transaction(Transaction&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  base::Result<void> commit();

 private:
  friend class Database;
  explicit Transaction(Database& db) : db_(&db) {}
  Database* db_;
};

enum class Access { read_only, read_write };
enum class Locking { deferred, immediate };

/// One connection with its cache of prepared statements.
class Database {
 public:
  /// Opens `path`; read_write creates the file (0600) and its folder (0700). WAL, busy timeout 5 s.
  /// `:memory:` is a database of this connection alone, which ends with it.
  static base::Result<Database> open(const std::string& path, Access access);

  Database(Database&& other) noexcept;
  Database& operator=(Database&&) = delete;
  ~Database();

  /// The statement for `sql`, compiled at the first call. A statement that is in use already (a
  /// query inside a loop over the same query) is a bug.
  base::Result<Statement> prepare(std::string_view sql);

  /// prepare, bind, run.
  template <class... Args>
  base::Result<void> run(std::string_view sql, const Args&... args) {
    TRY(Statement statement, prepare(sql));
    return statement.bind(args...).run();
  }
  /// The first column of the first row; nothing when there is no row or it is NULL.
  template <class... Args>
  base::Result<std::optional<std::int64_t>> integer(std::string_view sql, const Args&... args) {
    TRY(Statement statement, prepare(sql));
    TRY(const bool row, statement.bind(args...).step());
    if (!row || statement.is_null(0)) return std::optional<std::int64_t>{};
    return std::optional<std::int64_t>{statement.integer(0)};
  }
  template <class... Args>
  base::Result<std::optional<std::string>> text(std::string_view sql, const Args&... args) {
    TRY(Statement statement, prepare(sql));
    TRY(const bool row, statement.bind(args...).step());
    if (!row || statement.is_null(0)) return std::optional<std::string>{};
    return std::optional<std::string>{std::string(statement.text(0))};
  }

  /// Any number of statements without parameters or results.
  base::Result<void> execute(const std::string& script);

  base::Result<Transaction> begin(Locking locking = Locking::immediate);

  /// Gives back the pages that it remembers; they are read again when they are wanted.
  void release_memory();

  std::int64_t last_insert_id() const;
  /// Rows that the last INSERT, UPDATE or DELETE changed.
  std::int64_t changes() const;

  /// Statements that run past `deadline` fail with `unavailable`; none by default.
  void set_deadline(std::optional<std::chrono::steady_clock::time_point> deadline);

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  struct Cached {
    std::string sql;
    std::unique_ptr<sqlite3_stmt, Finalize> statement;
    bool borrowed = false;
  };
  friend class Transaction;
  friend class ForeignDatabase;

  /// `name` is a path or, with SQLITE_OPEN_URI among the `flags`, a URI; `vfs` null: the default.
  static base::Result<Database> connect(const std::string& name, int flags, const char* vfs);

  explicit Database(sqlite3* db) : db_(db) {}
  base::Result<void> switch_to_wal();
  static int on_progress(void* deadline);

  std::unique_ptr<sqlite3, Close> db_;
  std::unordered_map<std::string_view, std::unique_ptr<Cached>> cache_;
  std::unique_ptr<std::chrono::steady_clock::time_point> deadline_;
};

}  // namespace store
