#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "agents/line_splitter.h"
#include "base/json_reader.h"

namespace agents {

enum class Agent : std::uint8_t { claude_code, codex };

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
/// is up to those who use them.
struct Record {
  enum class Kind : std::uint8_t {
    line,           // Claude Code: one record of the log, whatever its type
    session_start,  // Codex: session_meta; `text` is when the session began
    usage,          // Codex: tokens since the last of its kind
    patch,          // Codex: files are edited; `text` is the patch
    session_end,    // Codex: the file ends here; `usage` is the whole session's
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
  bool is_error = false;
  std::int64_t duration_ms = 0;
  std::optional<Usage> usage;
  std::optional<double> cost_usd;

  // Parts of a Claude Code line whose shape varies.
  std::optional<base::json::Value> content, input, output, error;
};

}  // namespace agents
