#include "monitor/verify.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "monitor/import_mapping.h"
#include "usage_tellers.h"

namespace monitor {
namespace {

using base::Result;
using store::Database;
using Kind = Verification::Difference::Kind;

constexpr std::string_view kFind =
    "SELECT session_id, event_type, coalesce(tool_name, ''), status, "
    "coalesce(client_timestamp, ''), coalesce(model, ''), metadata, coalesce(duration_ms, 0), "
    "tokens_in, tokens_out, cache_read_tokens, cache_write_tokens FROM events WHERE event_id = ?1";
constexpr std::string_view kCountSession =
    "SELECT count(*) FROM events WHERE session_id = ?1 AND source = 'import' "
    "AND event_id >= 'import-' AND event_id < 'import.'";

struct Tokens {
  std::int64_t in = 0, out = 0, cache_read = 0, cache_write = 0;
  bool operator==(const Tokens&) const = default;
};

Tokens tokens_of(const Event& e) {
  return {e.tokens_in, e.tokens_out, e.cache_read_tokens, e.cache_write_tokens};
}

/// One run over all logs.
class Comparison {
 public:
  Comparison(Database& db, std::size_t max_metadata_bytes) : db_(db), limits_{} {
    limits_.max_metadata_bytes = max_metadata_bytes;
  }

  Result<void> read(const agents::FoundLog& log, const std::string& default_model) {
    ++result.files;
    path_ = log.path;
    auto file = agents::LogFile::open(log.path, make_reader(log.agent, log.path, default_model));
    if (!file) {
      ++result.unreadable_files;
      return {};
    }
    ImportMapping mapping(log.agent, limits_);
    Result<void> failure;
    const auto sink = [&](const agents::Record& record) {
      if (const auto event = mapping.map(record); event && failure) failure = compare(*event);
    };
    if (!file->read(sink, [&failure] { return !failure.ok(); })) ++result.unreadable_files;
    const agents::ReadCounts& lines = file->counts();
    result.lines.lines += lines.lines;
    result.lines.broken += lines.broken;
    result.lines.too_long += lines.too_long;
    result.lines.cut += lines.cut;
    return failure;
  }

  Result<void> finish() {
    for (const auto& [key, message] : messages_) {
      path_ = message.path;
      if (!(message.logged == message.stored)) differs(Kind::changed, message.event_id, "tokens");
    }
    for (const auto& [session, seen] : sessions_) {
      TRY(const auto stored, db_.integer(kCountSession, session));
      const std::int64_t extra = stored.value_or(0) - seen.found;
      path_ = seen.path;
      if (extra > 0) differs(Kind::extra, session, "", extra);
    }
    return {};
  }

  Verification result;

 private:
  struct Message {
    std::string path, event_id;  // of the first event that carries it
    Tokens logged, stored;
  };
  struct Session {
    bool is_told_by_log = true;  // its use
    std::string path;
    std::int64_t found = 0;
  };

  Result<void> compare(const Event& event) {
    // A log may say the same thing twice: one row.
    if (!seen_.insert(event.event_id).second) return {};
    ++result.events;
    const auto [entry, is_new] = sessions_.try_emplace(event.session_id);
    Session& session = entry->second;
    if (is_new) {
      session.path = path_;
      TRY(const bool by_telemetry, is_told_by_telemetry(db_, event));
      session.is_told_by_log = !by_telemetry;
    }
    TRY(auto row, db_.prepare(kFind));
    TRY(const bool found, row.bind(event.event_id).step());
    if (!found) {
      differs(Kind::missing, event.event_id, "");
      return {};
    }
    ++session.found;
    // A Codex session that went on after its import has gone past the end that was stored for it.
    const bool is_end = event.event_type == EventType::session_end && event.agent_type == "codex";
    const std::pair<std::string_view, bool> fields[] = {
        {"session_id", row.text(0) == event.session_id},
        {"event_type", row.text(1) == name(event.event_type)},
        {"tool_name", row.text(2) == event.tool_name},
        {"status", row.text(3) == name(event.status)},
        {"client_timestamp", is_end || row.text(4) == event.client_timestamp},
        {"model", row.text(5) == event.model},
        {"metadata", is_end || row.text(6) == event.metadata},
        {"duration_ms", row.integer(7) == event.duration_ms},
        {"tokens", !event.usage_key.empty() || !session.is_told_by_log ||
                       stored_tokens(row) == tokens_of(event)}};
    for (const auto& [field, is_same] : fields)
      if (!is_same) {
        differs(Kind::changed, event.event_id, field);
        break;
      }
    if (!event.usage_key.empty() && session.is_told_by_log) count(event, stored_tokens(row));
    return {};
  }

  static Tokens stored_tokens(const store::Statement& row) {
    return {row.integer(8), row.integer(9), row.integer(10), row.integer(11)};
  }

  /// Which of a message's events carries its tokens depends on what was stored first: their sum
  /// does not.
  void count(const Event& event, const Tokens& stored) {
    Message& m = messages_.try_emplace(event.usage_key, Message{path_, event.event_id, {}, {}})
                     .first->second;
    const Tokens logged = tokens_of(event);
    m.logged = {std::max(m.logged.in, logged.in), std::max(m.logged.out, logged.out),
                std::max(m.logged.cache_read, logged.cache_read),
                std::max(m.logged.cache_write, logged.cache_write)};
    m.stored = {m.stored.in + stored.in, m.stored.out + stored.out,
                m.stored.cache_read + stored.cache_read, m.stored.cache_write + stored.cache_write};
  }

  void differs(Kind kind, const std::string& what, std::string_view field, std::int64_t count = 1) {
    (kind == Kind::missing   ? result.missing
     : kind == Kind::changed ? result.changed
                             : result.extra) += count;
    if (result.differences.size() < Verification::kMaxDifferences)
      result.differences.push_back({kind, path_, what, std::string(field)});
  }

  Database& db_;
  ImportMapping::Limits limits_;
  std::string path_;
  std::unordered_set<std::string> seen_;
  std::unordered_map<std::string, Message> messages_;
  std::unordered_map<std::string, Session> sessions_;
};

}  // namespace

Result<Verification> verify_import(Database& db, const agents::Places& places,
                                   std::size_t max_metadata_bytes, ImportObserver& observer) {
  std::vector<agents::FoundLog> logs = find_logs(places, agents::Agent::claude_code);
  for (agents::FoundLog& log : find_logs(places, agents::Agent::codex))
    logs.push_back(std::move(log));
  std::uint64_t bytes = 0, done = 0;
  std::vector<std::uint64_t> sizes;
  for (const agents::FoundLog& log : logs) {
    const auto stamp = agents::stamp_of(log.path);
    sizes.push_back(stamp ? stamp->bytes : 0);
    bytes += sizes.back();
  }
  observer.begin(logs.size(), bytes);
  const std::string model = agents::codex_default_model(places.codex_home);
  Comparison comparison(db, max_metadata_bytes);
  for (std::size_t i = 0; i < logs.size(); ++i) {
    TRY_OK(comparison.read(logs[i], model));
    done += sizes[i];
    observer.progress(done);
  }
  TRY_OK(comparison.finish());
  return std::move(comparison.result);
}

}  // namespace monitor
