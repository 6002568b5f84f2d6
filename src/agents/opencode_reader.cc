#include "opencode_reader.h"

#include <algorithm>
#include <filesystem>

#include "base/json_writer.h"
#include "base/utf8.h"
#include "document_text.h"
#include "json_fields.h"

namespace agents {
namespace {

using base::Errc;
using base::Error;
using base::Result;
namespace fs = std::filesystem;

// A row that is stamped before another may be committed after it.
constexpr std::int64_t kSlackMs = 60'000;
constexpr int kMostAttempts = 3;
constexpr std::size_t kBatchBytes = std::size_t{1}
                                    << 20;  // of messages, read before they are given

constexpr std::string_view kSessions =
    "SELECT s.id, s.parent_id, coalesce(nullif(s.directory, ''), p.worktree), s.time_created"
    " FROM session s LEFT JOIN project p ON p.id = s.project_id WHERE s.time_updated >= ?1"
    " OR s.id IN (SELECT session_id FROM message WHERE time_updated >= ?2"
    " UNION SELECT session_id FROM part WHERE time_updated >= ?3) ORDER BY s.id";
constexpr std::string_view kMessages =
    "SELECT m.id, m.time_created FROM message m WHERE m.session_id = ?1 AND (m.time_updated >= ?2"
    " OR EXISTS (SELECT 1 FROM part p WHERE p.message_id = m.id AND p.time_updated >= ?3))"
    " ORDER BY m.id";
constexpr std::string_view kParts = "SELECT id FROM part WHERE message_id = ?1 ORDER BY id";

std::size_t bytes_of(const OpenCodeMessage& message) {
  std::size_t bytes = sizeof message + message.data.size();
  for (const auto& [id, data] : message.parts) bytes += sizeof id + id.size() + data.size();
  return bytes;
}

/// Whether all that is read of a message is whole.
bool is_whole(const OpenCodeMessage& message) {
  base::json::Document document;
  return document.parse(message.data).ok() &&
         std::all_of(message.parts.begin(), message.parts.end(),
                     [&document](const auto& part) { return document.parse(part.second).ok(); });
}

/// The JSON files of a folder, by name.
std::vector<fs::path> json_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error))
    if (entries->path().extension() == ".json") files.push_back(entries->path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Result<void> OpenCodeDatabaseReader::read(const std::string& path, const Sink& sink,
                                          const std::atomic<bool>& stopping) {
  counts_ = {};
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    TRY(auto db, store::ForeignDatabase::open(path));
    auto done = read(db, sink, stopping);
    if (done || done.error().code == Errc::cancelled) return done;
    if (db.is_sound()) return std::move(done.error()).within(path);
  }
  return Error{Errc::unavailable, path + ": changes while it is read"};
}

Result<void> OpenCodeDatabaseReader::read(store::ForeignDatabase& db, const Sink& sink,
                                          const std::atomic<bool>& stopping) {
  store::Database& tables = db.database();
  Seen now;
  const auto newest = [&tables](std::string_view sql) { return tables.integer(sql); };
  TRY(const auto session_at, newest("SELECT max(time_updated) FROM session"));
  TRY(const auto message_at, newest("SELECT max(time_updated) FROM message"));
  TRY(const auto part_at, newest("SELECT max(time_updated) FROM part"));
  now.session = session_at.value_or(0);
  now.message = message_at.value_or(0);
  now.part = part_at.value_or(0);

  TRY(auto sessions, tables.prepare(kSessions));
  sessions.bind(seen_.session - kSlackMs, seen_.message - kSlackMs, seen_.part - kSlackMs);
  for (;;) {
    TRY(const bool found, sessions.step());
    if (!found) break;
    OpenCodeSession session;
    session.id = sessions.text(0);
    session.parent = sessions.text(1);
    session.directory = sessions.text(2);
    session.created = sessions.integer(3);
    if (!db.is_sound()) return Error{Errc::unavailable, "it has changed"};
    give_session(session, sink);
    TRY_OK(read_messages(db, session, sink, stopping));
  }
  seen_ = now;
  return {};
}

Result<void> OpenCodeDatabaseReader::read_messages(store::ForeignDatabase& db,
                                                   const OpenCodeSession& session, const Sink& sink,
                                                   const std::atomic<bool>& stopping) {
  TRY(auto messages, db.database().prepare(kMessages));
  messages.bind(session.id, seen_.message - kSlackMs, seen_.part - kSlackMs);
  // Whether what was read may be believed costs as much to ask as a message to read.
  std::vector<OpenCodeMessage> batch;
  std::size_t bytes = 0;
  for (bool found = true; found;) {
    TRY(found, messages.step());
    if (stopping) return Error{Errc::cancelled, "stopped"};
    if (found) {
      OpenCodeMessage message;
      message.id = messages.text(0);
      message.created = messages.integer(1);
      TRY_OK(read_message(db.database(), message));
      bytes += bytes_of(message);
      batch.push_back(std::move(message));
    }
    if (found && bytes < kBatchBytes) continue;
    if (!db.is_sound()) return Error{Errc::unavailable, "it has changed"};
    for (const OpenCodeMessage& message : batch) give_message(session, message, sink, counts_);
    batch.clear();
    bytes = 0;
  }
  return {};
}

Result<void> OpenCodeDatabaseReader::read_message(store::Database& db, OpenCodeMessage& message) {
  TRY(message.data, data_of(db, "SELECT data FROM message WHERE id = ?1", message.id));
  std::size_t bytes = 0;
  TRY(auto parts, db.prepare(kParts));
  parts.bind(message.id);
  for (;;) {
    TRY(const bool found, parts.step());
    if (!found) return {};
    std::string part(parts.text(0));
    TRY(std::string data, data_of(db, "SELECT data FROM part WHERE id = ?1", part));
    if (data.empty()) continue;
    bytes += data.size();
    if (bytes > OpenCodeMessage::kMaxPartBytes)
      ++counts_.too_long;
    else
      message.parts.emplace_back(std::move(part), std::move(data));
  }
}

/// Empty when it is too long.
Result<std::string> OpenCodeDatabaseReader::data_of(store::Database& db, std::string_view sql,
                                                    std::string_view id) {
  auto data = db.text(sql, id);
  if (!data && data.error().code != Errc::invalid_argument) return std::move(data.error());
  std::string text = data && *data ? shortened(std::move(**data)) : std::string();
  counts_.too_long += text.empty();
  return text;
}

std::string OpenCodeDatabaseReader::save() const {
  std::string out;
  base::json::Writer json(out);
  json.begin_object().key("session").value(seen_.session).key("message").value(seen_.message);
  json.key("part").value(seen_.part).end_object();
  return out;
}

bool OpenCodeDatabaseReader::restore(std::string_view state) {
  Seen seen;
  base::json::Document document;
  if (!state.empty()) {
    const auto json = document.parse(state);
    if (!json || !json->is(Kind::object)) return false;
    seen = {count_at(*json, "session"), count_at(*json, "message"), count_at(*json, "part")};
  }
  seen_ = seen;
  return true;
}

Result<void> OpenCodeSessionReader::read(const std::string& path, const Sink& sink,
                                         const std::atomic<bool>& stopping) {
  counts_ = {};
  has_left_out_ = false;
  TRY(const std::string text, read_shortened(path, stopping));
  base::json::Document document;
  const auto json = document.parse(text);
  if (!json || !json->is(Kind::object)) return Error{Errc::corrupt, path + ": no session"};
  OpenCodeSession session;
  session.id = text_at(*json, "id");
  if (session.id.empty()) session.id = base::to_utf8(fs::path(path).stem().string());
  session.parent = text_at(*json, "parentID");
  session.directory = text_at(*json, "directory");
  if (const auto time = object_at(*json, "time")) session.created = count_at(*time, "created");
  give_session(session, sink);

  const fs::path storage = fs::path(path).parent_path().parent_path().parent_path();
  // Ids come from outside, and become names of folders.
  if (session.id.find('/') != session.id.npos || session.id.starts_with('.')) return {};
  for (const fs::path& file : json_files(storage / "message" / session.id)) {
    OpenCodeMessage message;
    message.id = base::to_utf8(file.stem().string());
    std::size_t bytes = 0;
    const auto read_into = [&](std::string& data, const fs::path& from) -> Result<bool> {
      auto read = read_shortened(from.string(), stopping);
      if (!read && read.error().code == Errc::cancelled) return std::move(read.error());
      if (read) bytes += read->size();
      const bool fits = read && bytes <= OpenCodeMessage::kMaxPartBytes;
      if (fits)
        data = std::move(*read);
      else
        ++counts_.too_long;
      return fits;
    };
    TRY(const bool is_read, read_into(message.data, file));
    if (!is_read) continue;
    for (const fs::path& part_file : json_files(storage / "part" / message.id)) {
      std::string part;
      TRY(const bool is_part_read, read_into(part, part_file));
      if (is_part_read)
        message.parts.emplace_back(base::to_utf8(part_file.stem().string()), std::move(part));
    }
    if (writing_ == Writing::goes_on && !is_whole(message))
      has_left_out_ = true;
    else
      give_message(session, message, sink, counts_);
  }
  return {};
}

}  // namespace agents
