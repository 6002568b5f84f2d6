#include "agents/formats.h"

#include "base/text.h"
#include "claude_conversation_reader.h"
#include "codex_conversation_reader.h"
#include "copilot_chat_log_reader.h"
#include "copilot_chat_reader.h"
#include "copilot_cli_reader.h"
#include "copilot_completions_reader.h"
#include "cursor_state_reader.h"
#include "cursor_transcript_reader.h"
#include "flat_log_reader.h"
#include "gemini_reader.h"
#include "generic_reader.h"
#include "json_fields.h"
#include "opencode_reader.h"

namespace agents {
namespace {

struct Row {
  Format format;
  std::string_view name;
  Shape shape;
};
constexpr Row kFormats[] = {
    {Format::claude_code, "claude_code", Shape::lines},
    {Format::claude_log, "claude_log", Shape::lines},
    {Format::codex, "codex", Shape::lines},
    {Format::copilot_chat, "copilot_chat", Shape::document},
    {Format::copilot_chat_log, "copilot_chat_log", Shape::document},
    {Format::copilot_cli, "copilot_cli", Shape::lines},
    {Format::copilot_completions, "copilot_completions", Shape::lines},
    {Format::cursor_state, "cursor_state", Shape::document},
    {Format::cursor_workspace, "cursor_workspace", Shape::document},
    {Format::cursor_transcript, "cursor_transcript", Shape::lines},
    {Format::cursor_text, "cursor_text", Shape::document},
    {Format::cursor_chat, "cursor_chat", Shape::document},
    {Format::cursor_log, "cursor_log", Shape::lines},
    {Format::gemini_chat, "gemini_chat", Shape::document},
    {Format::gemini_chat_log, "gemini_chat_log", Shape::document},
    {Format::opencode_database, "opencode_database", Shape::document},
    {Format::opencode_session, "opencode_session", Shape::document},
    {Format::generic, "generic", Shape::lines},
};

const Row& row_of(Format format) {
  const Row& row = kFormats[static_cast<std::size_t>(format)];
  ASSERT(row.format == format);
  return row;
}

bool has_text(const Value& json, std::string_view key) { return !text_at(json, key).empty(); }
bool has_elements(const Value& json, std::string_view key) {
  const auto array = json.find(key);
  return array && array->is(Kind::array) && array->size() > 0;
}

/// What the object is that a log is, or that its first line is.
Format format_of_object(const Value& json) {
  const auto kind = json.find("kind");
  const auto whole = object_at(json, "v");
  const bool has_data = object_at(json, "data").has_value();
  const std::string_view type = text_at(json, "type");
  if (count_at(json, "version") > 0 && has_elements(json, "requests")) return Format::copilot_chat;
  if (kind && kind->is(Kind::number) && whole) return Format::copilot_chat_log;
  if (has_data && type.find('.') != type.npos) return Format::copilot_cli;

  if (!type.empty() && (has_text(json, "sessionId") || has_text(json, "leafUuid")))
    return Format::claude_code;
  if (type == "session_meta" && object_at(json, "payload")) return Format::codex;
  if (is_flat_log(kClaudeDialect, json)) return Format::claude_log;

  const auto message = object_at(json, "message");
  if (has_text(json, "role") && message && message->find("content"))
    return Format::cursor_transcript;
  if (is_flat_log(kCursorDialect, json)) return Format::cursor_log;

  if (has_text(json, "sessionId") && has_text(json, "projectHash"))
    return json.find("messages") ? Format::gemini_chat : Format::gemini_chat_log;
  if (text_at(json, "id").starts_with("ses_")) return Format::opencode_session;
  return Format::generic;
}

}  // namespace

Shape shape_of(Format format) { return row_of(format).shape; }
std::string_view name(Format format) { return row_of(format).name; }

std::optional<Format> parse_format(std::string_view name) {
  for (const Row& row : kFormats)
    if (row.name == name) return row.format;
  return std::nullopt;
}

std::unique_ptr<LogReader> make_line_reader(Format format, const std::string& path,
                                            const ReaderOptions& options) {
  switch (format) {
    case Format::claude_code:
      return std::make_unique<ClaudeConversationReader>(path);
    case Format::codex:
      return std::make_unique<CodexConversationReader>(path, options.default_model);
    case Format::claude_log:
      return std::make_unique<FlatLogReader>(kClaudeDialect);
    case Format::copilot_cli:
      return std::make_unique<CopilotCliReader>(path);
    case Format::copilot_completions:
      return std::make_unique<CopilotCompletionsReader>(path);
    case Format::cursor_transcript:
      return std::make_unique<CursorTranscriptReader>(path);
    case Format::cursor_log:
      return std::make_unique<FlatLogReader>(kCursorDialect);
    case Format::generic:
      return std::make_unique<GenericReader>(path, options.fields);
    default:
      return nullptr;
  }
}

std::unique_ptr<DocumentReader> make_document_reader(Format format, const ReaderOptions&) {
  switch (format) {
    case Format::copilot_chat:
      return std::make_unique<CopilotChatReader>();
    case Format::copilot_chat_log:
      return std::make_unique<CopilotChatLogReader>();
    case Format::cursor_state:
      return std::make_unique<CursorStateReader>();
    case Format::cursor_workspace:
      return std::make_unique<CursorWorkspaceReader>();
    case Format::cursor_text:
      return std::make_unique<CursorTextReader>();
    case Format::cursor_chat:
      return std::make_unique<CursorChatReader>();
    case Format::gemini_chat:
      return std::make_unique<GeminiChatReader>();
    case Format::gemini_chat_log:
      return std::make_unique<GeminiChatLogReader>();
    case Format::opencode_database:
      return std::make_unique<OpenCodeDatabaseReader>();
    case Format::opencode_session:
      return std::make_unique<OpenCodeSessionReader>();
    default:
      return nullptr;
  }
}

std::optional<Format> detect(std::string_view sample) {
  sample = base::trim(sample);
  const std::string_view line = base::trim(sample.substr(0, sample.find('\n')));
  base::json::Document document;
  for (const std::string_view text : {line, sample}) {
    const auto json = document.parse(text);
    if (json && json->is(Kind::object)) return format_of_object(*json);
  }
  // An object that goes on behind the sample is no text, whatever words it has.
  if (!line.starts_with('{') && is_cursor_text(line)) return Format::cursor_log;
  return std::nullopt;
}

}  // namespace agents
