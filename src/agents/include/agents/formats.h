#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agents/document_reader.h"
#include "agents/log_reader.h"

/// The table of log formats: adding an agent is a row here, a row in locations.h and a reader.
/// docs/add-an-agent.md shows it.
namespace agents {

enum class Format : std::uint8_t {
  claude_code,          // JSONL
  claude_log,           // the contract's older flat JSONL
  codex,                // JSONL
  copilot_chat,         // VS Code: a JSON document
  copilot_chat_log,     // VS Code: a JSONL log of changes to such a document
  copilot_cli,          // JSONL
  copilot_completions,  // the contract's older JSONL
  cursor_state,         // globalStorage/state.vscdb, SQLite
  cursor_workspace,     // workspaceStorage/HASH/state.vscdb, SQLite: older chats
  cursor_transcript,    // JSONL
  cursor_text,          // transcript as text
  cursor_chat,          // CLI: store.db, SQLite
  cursor_log,           // the contract's older JSONL or text
  gemini_chat,          // a JSON document
  gemini_chat_log,      // JSONL whose records replace earlier ones
  opencode_database,    // opencode.db, SQLite
  opencode_session,     // a session's JSON file, with its messages beside it
  generic,              // JSONL, one object a line
};

/// Where the generic format finds what it looks for: target -> names of members, the first that is
/// there wins. Targets: timestamp, eventType, sessionId, prompt, response, text, tool, input,
/// output, model, file, inputTokens, outputTokens, totalTokens, id. A name may go into objects with
/// dots. Targets that are not named keep their defaults (docs/formats.md, "Generic").
using FieldNames = std::map<std::string, std::vector<std::string>, std::less<>>;

struct ReaderOptions {
  std::string default_model;  // Codex: of its config.toml
  FieldNames fields;          // generic
};

/// How a format is read.
enum class Shape : std::uint8_t {
  lines,     // appended to, line by line: LogReader
  document,  // written anew or in place: DocumentReader
};
Shape shape_of(Format format);
std::string_view name(Format format);
std::optional<Format> parse_format(std::string_view name);

/// A reader that tells the log at `path` as a conversation; `format` is one of lines.
std::unique_ptr<LogReader> make_line_reader(Format format, const std::string& path,
                                            const ReaderOptions& options);
/// The same for a format of documents.
std::unique_ptr<DocumentReader> make_document_reader(Format format, const ReaderOptions& options);

/// The format of a log that no location tells, by a sample of its first bytes: the first line if
/// it is complete, else the whole document. Asked in the order Copilot, Claude, Cursor, generic.
std::optional<Format> detect(std::string_view sample);

}  // namespace agents
