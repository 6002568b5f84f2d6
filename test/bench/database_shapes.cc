// Logs that are SQLite databases.
#include <sqlite3.h>

#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <string>

#include "log_shapes.h"
#include "made_text.h"

namespace bench {
namespace {

namespace fs = std::filesystem;

/// A database in the making; a step that fails ends the program.
class NewDatabase {
 public:
  NewDatabase(const fs::path& path, const char* tables) {
    check(sqlite3_open(path.c_str(), &db_));
    execute("PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF");
    execute(tables);
    execute("BEGIN");
  }
  ~NewDatabase() {
    execute("COMMIT");
    sqlite3_close(db_);
  }
  NewDatabase(const NewDatabase&) = delete;

  void run(const char* sql, std::initializer_list<std::string_view> texts) {
    sqlite3_stmt* made = nullptr;
    check(sqlite3_prepare_v2(db_, sql, -1, &made, nullptr));
    const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(made, sqlite3_finalize);
    int number = 0;
    for (const std::string_view text : texts)
      check(sqlite3_bind_text(made, ++number, text.data(), static_cast<int>(text.size()),
                              SQLITE_STATIC));
    if (sqlite3_step(made) != SQLITE_DONE) fail();
  }

 private:
  void execute(const char* sql) { check(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr)); }
  void check(int code) {
    if (code != SQLITE_OK) fail();
  }
  void fail() {
    std::fprintf(stderr, "sqlite: %s\n", sqlite3_errmsg(db_));
    std::exit(1);
  }

  sqlite3* db_ = nullptr;
};

constexpr int kTurns = 10;  // of a chat

// ---- Cursor

class CursorState {
 public:
  CursorState(const fs::path& path, std::size_t bytes)
      : db_(path,
            "CREATE TABLE ItemTable(key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB);"
            "CREATE TABLE cursorDiskKV(key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)") {
    while (written_ < bytes) chat();
  }

 private:
  void chat() {
    chat_ = made_.uuid();
    headers_.clear();
    for (int turn = 0; turn < kTurns; ++turn) {
      bubble(1, R"("text":")", made_.said(), R"(","workspaceUris":["file:///home/dev/shop"])");
      for (int call = 0; call < 4; ++call)
        bubble(
            2, R"("text":"","toolFormerData":{"tool":5,"toolCallId":"toolu_)", made_.hex(22),
            R"(","status":"completed","name":"edit_file","rawArgs":"{\"target_file\":\"/w/a.cc\"}",)",
            R"("result":"{\"contents\":\"done\"}","additionalData":{"diff":")", made_.output(),
            R"("}})");
      bubble(2, R"("text":")", made_.said(),
             R"(","tokenCount":{"inputTokens":900,"outputTokens":90},"codeBlocks":[{"content":")",
             made_.output(), R"("}])");
    }
    std::string value;
    put(value, R"({"composerId":")", chat_, R"(","name":"x","createdAt":1768032000000,)",
        R"("lastUpdatedAt":1768032009000,"status":"completed","modelConfig":{"modelName":"m"},)",
        R"("fullConversationHeadersOnly":[)", headers_, "]}");
    keep("composerData:" + chat_, value);
  }

  template <class... Parts>
  void bubble(int type, const Parts&... parts) {
    const std::string id = made_.uuid();
    std::string value;
    put(value, R"({"_v":3,"type":)", type, R"(,"bubbleId":")", id,
        R"(","createdAt":"2026-01-10T08:00:00.000Z","attachedCodeChunks":[],"relevantFiles":[],)",
        R"("context":{"fileSelections":[],"folderSelections":[],"terminalSelections":[]},)",
        parts..., '}');
    keep("bubbleId:" + chat_ + ":" + id, value);
    put(headers_, headers_.empty() ? "" : ",", R"({"bubbleId":")", id, R"(","type":)", type, '}');
  }

  void keep(const std::string& key, const std::string& value) {
    written_ += key.size() + value.size();
    db_.run("INSERT INTO cursorDiskKV VALUES(?1, ?2)", {key, value});
  }

  MadeText made_;
  std::string chat_, headers_;
  std::size_t written_ = 0;
  NewDatabase db_;
};

// ---- OpenCode

class OpenCode {
 public:
  OpenCode(const fs::path& path, std::size_t bytes)
      : db_(path,
            "CREATE TABLE project(id TEXT PRIMARY KEY, worktree TEXT, time_created, time_updated);"
            "CREATE TABLE session(id TEXT PRIMARY KEY, project_id TEXT, parent_id TEXT, title TEXT,"
            " directory TEXT, time_created INTEGER, time_updated INTEGER);"
            "CREATE TABLE message(id TEXT PRIMARY KEY, session_id TEXT, time_created INTEGER,"
            " time_updated INTEGER, data TEXT);"
            "CREATE TABLE part(id TEXT PRIMARY KEY, message_id TEXT, session_id TEXT,"
            " time_created INTEGER, time_updated INTEGER, data TEXT);"
            "CREATE INDEX message_session ON message(session_id);"
            "CREATE INDEX part_message ON part(message_id);"
            "CREATE INDEX part_session ON part(session_id)") {
    while (written_ < bytes) session();
  }

 private:
  void session() {
    session_ = id("ses");
    db_.run("INSERT INTO session VALUES(?1, 'pr', NULL, 't', '/w', 1768032000000, 1768032000000)",
            {session_});
    for (int turn = 0; turn < kTurns; ++turn) {
      message(R"({"role":"user","time":{"created":1768032000000},"model":{"modelID":"m"}})");
      part(R"({"type":"text","text":")", made_.said(), R"("})");
      for (int step = 0; step < 3; ++step) answer();
    }
  }

  void answer() {
    message(R"({"role":"assistant","modelID":"m","providerID":"p","path":{"cwd":"/w","root":"/w"},)"
            R"("time":{"created":1768032000000,"completed":1768032005000},"cost":0.25,)"
            R"("tokens":{"input":10,"output":4,"reasoning":3,"cache":{"read":100,"write":20}}})");
    part(R"({"type":"step-start"})");
    part(R"({"type":"reasoning","text":")", made_.said(), R"("})");
    part(
        R"({"type":"tool","callID":"toolu_)", made_.hex(22),
        R"(","tool":"edit","state":{"status":"completed","input":{"filePath":"/w/a.ts","newString":")",
        made_.text(600), R"("},"output":")", made_.output(),
        R"(","title":"a.ts","metadata":{},"time":{"start":1768032003000,"end":1768032003500}}})");
    part(R"({"type":"text","text":")", made_.said(), R"("})");
    part(R"({"type":"step-finish","reason":"stop","cost":0.25})");
  }

  void message(std::string_view data) {
    message_ = id("msg");
    written_ += data.size();
    db_.run("INSERT INTO message VALUES(?1, ?2, 1768032000000, 1768032000000, ?3)",
            {message_, session_, data});
  }
  template <class... Parts>
  void part(const Parts&... parts) {
    std::string data;
    put(data, parts...);
    written_ += data.size();
    db_.run("INSERT INTO part VALUES(?1, ?2, ?3, 1768032000000, 1768032000000, ?4)",
            {id("prt"), message_, session_, data});
  }
  std::string id(const char* prefix) {
    return prefix + ("_" + std::to_string(10'000'000 + next_++)) + made_.hex(14);
  }

  MadeText made_;
  std::string session_, message_;
  std::size_t next_ = 0, written_ = 0;
  NewDatabase db_;
};

}  // namespace

void write_cursor_state(const fs::path& path, std::size_t bytes) { CursorState(path, bytes); }
void write_opencode(const fs::path& path, std::size_t bytes) { OpenCode(path, bytes); }

}  // namespace bench
