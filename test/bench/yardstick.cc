#include "yardstick.h"

#include <sqlite3.h>

#include <ctime>
#include <memory>
#include <string_view>

#include "socket.h"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

// Shadow tables come into being with the virtual table that they serve.
constexpr const char* kSchema =
    "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    " AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')"
    " ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 ELSE 2 END, rowid";

constexpr const char* kInsertEvent =
    "INSERT INTO events(event_id, schema_version, session_id, agent_type, event_type, tool_name,"
    " status, tokens_in, tokens_out, branch, project, duration_ms, created_at, client_timestamp,"
    " metadata, payload_truncated, model, cost_usd, cache_read_tokens, cache_write_tokens, source)"
    " VALUES(?1, 1, ?2, 'benchmark_agent', 'tool_use', 'benchmark', 'success', ?3, ?4,"
    " 'bench/main', 'bench-project', ?5, ?6, ?7, ?8, 0, NULL, NULL, 0, 0, 'api')";
// The side index is known by its columns, so that it may change its name.
constexpr const char* kFindSideIndex =
    "SELECT name FROM sqlite_master WHERE type = 'table'"
    " AND (SELECT group_concat(name) FROM pragma_table_info(sqlite_master.name)) = 'kind,at,id'";

Error error_of(sqlite3* database, std::string_view doing) {
  return Error{std::string(doing) + ": " + sqlite3_errmsg(database)};
}

Result<Database> open(const std::filesystem::path& path, int flags) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  Database database(raw);
  if (code != SQLITE_OK) return error_of(raw, path.string());
  sqlite3_busy_timeout(raw, 5000);
  return database;
}

Result<void> execute(const Database& database, const std::string& sql) {
  if (sqlite3_exec(database.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return error_of(database.get(), sql);
  return {};
}

Result<Statement> prepare(const Database& database, const char* sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v3(database.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr) !=
      SQLITE_OK)
    return error_of(database.get(), sql);
  return Statement(raw);
}

void bind(const Statement& statement, int at, std::string_view text) {
  sqlite3_bind_text(statement.get(), at, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
}

void bind(const Statement& statement, int at, std::int64_t number) {
  sqlite3_bind_int64(statement.get(), at, number);
}

Result<void> run(const Database& database, const Statement& statement) {
  const int code = sqlite3_step(statement.get());
  sqlite3_reset(statement.get());
  if (code != SQLITE_DONE) return error_of(database.get(), "yardstick");
  return {};
}

std::string format_now(const char* format) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[40];
  return {text, std::strftime(text, sizeof text, format, &parts)};
}

// Empty without a side index.
Result<std::string> find_side_index(const Database& database) {
  TRY(const Statement statement, prepare(database, kFindSideIndex));
  const int code = sqlite3_step(statement.get());
  if (code == SQLITE_DONE) return std::string();
  if (code != SQLITE_ROW) return error_of(database.get(), kFindSideIndex);
  return std::string(reinterpret_cast<const char*>(sqlite3_column_text(statement.get(), 0)));
}

// The server's own choice of types for the side index tells what to put in it.
Result<bool> column_is_text(const Database& database, const std::string& table,
                            std::string_view column) {
  TRY(const Statement statement,
      prepare(database, "SELECT type FROM pragma_table_info(?1) WHERE name = ?2"));
  bind(statement, 1, table);
  bind(statement, 2, column);
  if (sqlite3_step(statement.get()) != SQLITE_ROW)
    return Error{table + " has no column " + std::string(column)};
  const auto* type = reinterpret_cast<const char*>(sqlite3_column_text(statement.get(), 0));
  return std::string_view(type != nullptr ? type : "").find("INT") == std::string_view::npos;
}

/// The prepared statements of one run, and the row that they write next.
class Inserts {
 public:
  static Result<Inserts> create(const Database& database) {
    Inserts inserts;
    TRY(inserts.event_, prepare(database, kInsertEvent));
    TRY(const std::string side_index, find_side_index(database));
    if (side_index.empty()) return inserts;
    TRY(inserts.kind_is_text_, column_is_text(database, side_index, "kind"));
    TRY(inserts.at_is_text_, column_is_text(database, side_index, "at"));
    const std::string sql = "INSERT INTO " + side_index + "(kind, at, id) VALUES(?1, ?2, ?3)";
    TRY(inserts.kind_, prepare(database, sql.c_str()));
    return inserts;
  }

  Result<void> insert(const Database& database) {
    const auto i = static_cast<std::int64_t>(row_++);
    const std::string index = std::to_string(1'000'000'000 + i);
    const std::string event_id = "bench-" + index + "-4611686018427387904";
    const std::string session = "bench-session-" + std::to_string(1000 + i % 100);
    const std::string metadata = R"({"source":"benchmark","index":)" + index + "}";
    bind(event_, 1, event_id);
    bind(event_, 2, session);
    bind(event_, 3, 10 + i % 25);
    bind(event_, 4, 50 + i % 150);
    bind(event_, 5, 15 + i % 120);
    bind(event_, 6, created_at_);
    bind(event_, 7, client_time_);
    bind(event_, 8, metadata);
    TRY_OK(run(database, event_));
    return kind_ ? insert_kind(database, sqlite3_last_insert_rowid(database.get()))
                 : Result<void>();
  }

  /// Once a transaction, as often as the time can differ between two of them.
  void set_time() {
    created_at_ = format_now("%Y-%m-%d %H:%M:%S");
    client_time_ = format_now("%Y-%m-%dT%H:%M:%S.000Z");
  }

 private:
  Result<void> insert_kind(const Database& database, std::int64_t id) {
    if (kind_is_text_)
      bind(kind_, 1, std::string_view("benchmark"));
    else
      bind(kind_, 1, std::int64_t{1});
    if (at_is_text_)
      bind(kind_, 2, std::string_view(created_at_));
    else
      bind(kind_, 2, static_cast<std::int64_t>(std::time(nullptr)));
    bind(kind_, 3, id);
    return run(database, kind_);
  }

  Statement event_;
  Statement kind_;  // null without a side index
  bool kind_is_text_ = false;
  bool at_is_text_ = false;
  std::uint64_t row_ = 0;
  std::string created_at_;
  std::string client_time_;
};

Result<double> time_inserts(const Database& database, int rows_per_transaction,
                            std::chrono::nanoseconds time, std::uint64_t max_rows) {
  TRY(Inserts inserts, Inserts::create(database));
  TRY(const Statement begin, prepare(database, "BEGIN IMMEDIATE"));
  TRY(const Statement commit, prepare(database, "COMMIT"));
  std::uint64_t rows = 0;
  const Clock::time_point started = Clock::now();
  Clock::duration elapsed{};
  while (elapsed < time && rows < max_rows && !stop_requested()) {
    inserts.set_time();
    TRY_OK(run(database, begin));
    for (int i = 0; i < rows_per_transaction; ++i) TRY_OK(inserts.insert(database));
    TRY_OK(run(database, commit));
    rows += static_cast<std::uint64_t>(rows_per_transaction);
    elapsed = Clock::now() - started;
  }
  return static_cast<double>(rows) / std::chrono::duration<double>(elapsed).count();
}

}  // namespace

Result<std::vector<std::string>> read_schema(const std::filesystem::path& database_path) {
  TRY(const Database database, open(database_path, SQLITE_OPEN_READWRITE));
  TRY(const Statement statement, prepare(database, kSchema));
  std::vector<std::string> schema;
  int code = sqlite3_step(statement.get());
  for (; code == SQLITE_ROW; code = sqlite3_step(statement.get()))
    schema.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement.get(), 0)));
  if (code != SQLITE_DONE) return error_of(database.get(), "reading the schema");
  if (schema.empty()) return Error{database_path.string() + " has no tables"};
  return schema;
}

Result<std::uint64_t> count_events(const std::filesystem::path& database_path) {
  TRY(const Database database, open(database_path, SQLITE_OPEN_READWRITE));
  TRY(const Statement statement, prepare(database, "SELECT count(*) FROM events"));
  if (sqlite3_step(statement.get()) != SQLITE_ROW)
    return error_of(database.get(), "counting the events");
  return static_cast<std::uint64_t>(sqlite3_column_int64(statement.get(), 0));
}

Result<double> measure_inserts(const std::vector<std::string>& schema,
                               const std::filesystem::path& database_path, int rows_per_transaction,
                               std::chrono::nanoseconds time, std::uint64_t max_rows) {
  TRY(const Database database, open(database_path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  TRY_OK(execute(database, "PRAGMA journal_mode = WAL"));
  TRY_OK(execute(database, "PRAGMA synchronous = FULL"));
  for (const std::string& statement : schema) TRY_OK(execute(database, statement));
  return time_inserts(database, rows_per_transaction, time, max_rows);
}

}  // namespace bench
