#include "flat_log_reader.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "base/utf8.h"
#include "draft.h"
#include "json_fields.h"
#include "record_values.h"

namespace agents {
namespace {

using RecordKind = Record::Kind;

constexpr std::string_view kClaudeRequests[] = {"llm_request", "prompt"};
constexpr std::string_view kClaudeResponses[] = {"llm_response", "completion"};
constexpr std::string_view kCursorRequests[] = {"llm_request", "prompt", "completion_request"};
constexpr std::string_view kCursorResponses[] = {"llm_response", "completion",
                                                 "completion_response"};

bool holds(std::string_view text, std::string_view word) { return text.find(word) != text.npos; }

/// Whether `word` stands in `text` with no letter or digit at its sides.
bool holds_word(std::string_view text, std::string_view word) {
  const auto is_part = [&text](std::size_t at) {
    return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at]));
  };
  for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1))
    if ((at == 0 || !is_part(at - 1)) && !is_part(at + word.size())) return true;
  return false;
}

bool is_one_of(std::string_view type, std::span<const std::string_view> names) {
  return std::find(names.begin(), names.end(), type) != names.end();
}

/// A member that has to be of `kind` is, or is null or not there.
bool fits(const Value& json, std::string_view key, Kind kind) {
  if (key.empty()) return true;
  const auto value = json.find(key);
  if (!value || value->is(Kind::null)) return true;
  if (!value->is(kind)) return false;
  // A number with a fraction or an exponent is no count.
  return kind != Kind::number ||
         (value->text().find_first_of(".eE") == std::string_view::npos && value->to_int());
}

bool has_shape(const FlatDialect& d, const Value& json) {
  if (!json.is(Kind::object)) return false;
  for (const std::string_view key :
       {std::string_view("level"), std::string_view("message"), std::string_view("type"),
        std::string_view("model"), std::string_view("prompt"), std::string_view("response"),
        d.session, d.other_session, d.tool, d.file, d.action})
    if (!fits(json, key, Kind::string)) return false;
  for (const std::string_view key :
       {d.tokens, std::string_view("prompt_tokens"), d.response_tokens})
    if (!fits(json, key, Kind::number)) return false;
  return fits(json, "metadata", Kind::object);
}

std::optional<RecordKind> kind_of(const FlatDialect& d, const Value& json,
                                  std::string_view message) {
  const std::string_view type = text_at(json, "type");
  if (is_one_of(type, d.requests)) return RecordKind::prompt;
  if (is_one_of(type, d.responses)) return RecordKind::response;
  if (type == "tool_use" || type == "tool_call") return RecordKind::tool_call;
  if (type == "file_read") return RecordKind::file_read;
  if (type == "file_write" || type == "file_modify") return RecordKind::file_write;
  FlatTraits traits;
  traits.has_prompt = !text_at(json, "prompt").empty();
  traits.has_response = !text_at(json, "response").empty();
  traits.has_tool = !text_at(json, d.tool).empty();
  traits.has_file = !text_at(json, d.file).empty();
  traits.action = text_at(json, d.action);
  traits.message = message;
  traits.modify_is_write = d.modify_is_write;
  return kind_of_flat(traits);
}

void add_json(Draft& draft, std::string_view name, const Value& json, std::string_view key) {
  const auto value = key.empty() ? std::nullopt : json.find(key);
  if (value && !value->is(Kind::null))
    draft.add_data(name, Field::Json{draft.keep(to_cut_json(*value))});
}

}  // namespace

const FlatDialect kClaudeDialect{kClaudeRequests,
                                 kClaudeResponses,
                                 "tool_name",
                                 "tool_input",
                                 "tool_output",
                                 "file_path",
                                 "action",
                                 "tokens_used",
                                 "response_tokens",
                                 "conversation_id",
                                 "",
                                 "toolInput",
                                 "action",
                                 "claude",
                                 "anthropic",
                                 true,
                                 true,
                                 true,
                                 false};
const FlatDialect kCursorDialect{kCursorRequests,
                                 kCursorResponses,
                                 "tool",
                                 "tool_args",
                                 "",
                                 "file",
                                 "operation",
                                 "tokens",
                                 "completion_tokens",
                                 "session_id",
                                 "conversation_id",
                                 "toolArgs",
                                 "operation",
                                 "cursor",
                                 "cursor",
                                 false,
                                 false,
                                 false,
                                 true};

std::optional<RecordKind> kind_of_flat(const FlatTraits& t) {
  const auto says = [&t](std::string_view word) { return holds(t.message, word); };
  if (t.has_prompt || says("prompt") || says("request")) return RecordKind::prompt;
  if (t.has_response || says("response") || says("completion")) return RecordKind::response;
  if (t.has_tool || says("tool")) return RecordKind::tool_call;
  if (!t.has_file) return std::nullopt;
  if (t.action == "read" || says("read")) return RecordKind::file_read;
  if (t.action == "write" || says("write") || (t.modify_is_write && says("modify")))
    return RecordKind::file_write;
  return std::nullopt;
}

bool is_flat_log(const FlatDialect& d, const Value& json) {
  if (!has_shape(d, json)) return false;
  const std::string message = base::to_lower(text_at(json, "message"));
  return !text_at(json, d.session).empty() || !text_at(json, "model").empty() ||
         (!d.other_session.empty() && !text_at(json, d.other_session).empty()) ||
         holds(message, d.product) || holds(message, d.maker);
}

bool is_cursor_text(std::string_view line) {
  const std::string lower = base::to_lower(line);
  return holds(lower, "cursor") && (holds_word(lower, "ai") || holds(lower, "completion"));
}

void FlatLogReader::read(const Line& line, const Value& json, const Sink& sink) {
  if (!json.is(Kind::object)) {
    read_text(line, sink);
    return;
  }
  const FlatDialect& d = dialect_;
  if (!has_shape(d, json)) return;
  const std::string_view message = text_at(json, "message");
  const auto kind = kind_of(d, json, base::to_lower(message));
  if (!kind) return;

  Draft draft(*kind, line_id(line));
  Record& record = draft.record;
  record.offset = line.offset;
  record.index = line.index;
  record.is_cut = line.is_cut;
  record.session_id = text_at(json, d.session);
  if (record.session_id.empty() && !d.other_session.empty())
    record.session_id = text_at(json, d.other_session);
  record.at = time_at(json, "timestamp");

  if (d.keeps_empty_message || !message.empty()) draft.add_data("message", message);
  if (*kind == RecordKind::prompt) {
    record.text = text_at(json, "prompt");
  } else if (*kind == RecordKind::response) {
    record.text = text_at(json, "response");
  } else if (*kind == RecordKind::tool_call) {
    draft.add_data_text("toolName", text_at(json, d.tool));
    add_json(draft, d.input_name, json, d.tool_input);
    add_json(draft, "toolOutput", json, d.tool_output);
  } else {
    draft.add_data_text("filePath", text_at(json, d.file));
    draft.add_data_text(d.action_name, text_at(json, d.action));
  }
  if (d.tells_session) draft.add_data_text("conversationId", record.session_id);

  draft.add_context_text("logLevel", text_at(json, "level"));
  draft.add_context_text("model", text_at(json, "model"));
  if (const auto metadata = object_at(json, "metadata"))
    for (const auto& [key, value] : metadata->members())
      draft.add_context(key, Field::Json{draft.keep(to_cut_json(value))});

  const std::int64_t sum = count_at(json, d.tokens);
  const Usage usage{count_at(json, "prompt_tokens"), count_at(json, d.response_tokens)};
  if (usage.input > 0 || usage.output > 0 || sum > 0) record.usage = usage;
  if (sum > 0) record.token_count = sum;
  draft.give(sink);
}

bool FlatLogReader::read_text(const Line& line, const Sink& sink) {
  if (!dialect_.has_text_lines || !line.is_complete) return false;
  const std::string lower = base::to_lower(line.text);
  if (holds_word(lower, "ai") || holds(lower, "completion") || holds(lower, "prompt") ||
      holds(lower, "tool")) {
    Draft draft(RecordKind::interaction, line_id(line));
    draft.record.offset = line.offset;
    draft.record.index = line.index;
    draft.record.is_cut = line.is_cut;
    draft.add_data("rawLog", draft.keep(cut_text(base::to_utf8(line.text))));
    draft.give(sink);
  }
  return true;
}

}  // namespace agents
