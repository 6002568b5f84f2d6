#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "agents/line_splitter.h"
#include "base/clock.h"
#include "base/json_reader.h"

namespace agents {

enum class Agent : std::uint8_t {
  claude_code,
  codex,
  copilot,
  cursor,
  gemini,
  opencode,
  cline,  // found, not read yet
  aider,  // found, not read yet
  generic,
};

/// What else a conversation's record says: a member of the collector's `data` or `context`, by the
/// name it has there (docs/formats.md, "Collected events").
struct Field {
  struct Json {  // a JSON text, valid
    std::string_view text;
  };
  std::string_view name;
  std::variant<std::string_view, std::int64_t, double, bool, Json> value;
};

/// Tokens as the provider counted them.
struct Usage {
  std::int64_t input = 0, output = 0, cache_read = 0, cache_write = 0;
  std::int64_t cache_write_1h = 0;  // of cache_write, those kept for an hour
  std::int64_t reasoning = 0;       // of output
  bool input_includes_cache = false;
};

/// What a log says in one place. Views are valid until the reader goes on. An empty text means:
/// not given.
///
/// Readers give what stands there, and decide nothing: which of it becomes an event of what shape
/// is up to those who use them. There are two ways to tell a log (see Telling): by its lines, as
/// Claude Code and Codex are imported, and as a conversation, which every agent has.
struct Record {
  enum class Kind : std::uint8_t {
    // Telling::lines
    line,   // Claude Code: one record of the log, whatever its type
    usage,  // Codex: tokens since the last of its kind
    patch,  // Codex: files are edited; `text` is the patch
    // Both. Codex, as lines: session_meta, and `text` is when the session began; the end of the
    // file, and `usage` is the whole session's.
    session_start,
    session_end,
    // Telling::conversation
    prompt,     // `text` is what the user said
    response,   // `text` is what the model answered; `usage` of it
    tool_call,  // any tool that is none of the next
    file_read,
    file_write,   // a whole file
    file_modify,  // parts of one
    command,      // a shell's
    failure,      // `text` says what went wrong
    interaction,  // something else the user did; `text`
  };
  Kind kind = Kind::line;

  // Where it stands.
  std::uint64_t offset = 0;   // bytes into the file
  std::uint64_t index = 0;    // of its line, among those that are not blank
  std::uint64_t ordinal = 0;  // Codex: among the usages and patches of the file
  bool is_cut = false;        // long texts of it were shortened

  std::string_view type;  // as the log has it
  std::string_view session_id;
  std::string_view parent_session_id;       // of a sub-agent's session
  std::string_view message_id, request_id;  // of the provider: one answer may have many records
  std::string_view timestamp;               // as it stands
  std::string_view working_directory, branch, model, originator;
  std::string_view tool_name;
  std::string_view text;
  bool is_error = false;  // of a tool: it failed
  std::int64_t duration_ms = 0;
  std::optional<Usage> usage;
  std::optional<std::int64_t> token_count;  // where a log gives a sum of its own
  std::optional<double> cost_usd;

  // Parts of a Claude Code line whose shape varies; Telling::lines.
  std::optional<base::json::Value> content, input, output, error;

  // Telling::conversation.
  std::string_view native_id;    // what the agent calls it; unique in its session, and the same
                                 // whenever it is read
  std::optional<base::Time> at;  // `timestamp`, understood; nothing: none is given
  std::string_view client_version, repository_url;
  std::string_view tool_call_id, file_path;
  std::string_view input_json, output_json;  // of a tool, as JSON texts
  std::span<const Field> data, context;
};

}  // namespace agents
