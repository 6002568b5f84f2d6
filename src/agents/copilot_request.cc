#include "copilot_request.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <vector>

#include "agents/locations.h"
#include "agents/workspace_folder.h"
#include "base/text.h"
#include "base/utf8.h"
#include "file_blocks.h"
#include "json_fields.h"
#include "json_text.h"
#include "log_time.h"
#include "reader_state.h"

namespace agents {
namespace {

using RecordKind = Record::Kind;
using std::chrono::milliseconds;

// The parts of an answer have no times of their own: they follow one another by as much.
constexpr milliseconds kToolStep{100}, kCodeStep{50}, kAnswerAfter{1000};

// ---- where the session lies ---------------------------------------------------------------------

std::string workspace_in(const std::string& storage_folder) {
  const auto folder = read_workspace_folder(storage_folder);
  return folder ? folder->path : std::string();
}

bool has_drive(std::string_view path) {
  return path.size() > 2 && std::isalpha(static_cast<unsigned char>(path[0])) && path[1] == ':' &&
         (path[2] == '/' || path[2] == '\\');
}

// ---- texts --------------------------------------------------------------------------------------

/// What the value of a part adds to the answer.
std::string flexible_text(const Value& value) {
  if (value.is(Kind::string)) return std::string(value.text());
  std::string text;
  if (!value.is(Kind::array)) return text;
  bool is_first = true;
  for (const Value& element : value.elements()) {
    if (!element.is(Kind::string) && !element.is(Kind::null)) continue;
    if (!is_first) text += '\n';
    is_first = false;
    if (element.is(Kind::string)) text += element.text();
  }
  return text;
}

/// invocationMessage and the like.
std::string message_of(const Value& value) {
  if (value.is(Kind::string)) return std::string(value.text());
  if (value.is(Kind::null)) return {};
  if (value.is(Kind::object))
    for (const std::string_view key : {"text", "value"})
      if (const auto text = value.find(key); text && text->is(Kind::string))
        return std::string(text->text());
  std::string raw;
  append_cut(raw, value);
  return raw;
}

std::string path_of(const Value& uri) {
  if (uri.is(Kind::string)) return path_in(uri.text());
  if (!uri.is(Kind::object)) return {};
  for (const std::string_view key : {"path", "fsPath"})
    if (const auto path = uri.find(key); path && path->is(Kind::string))
      return std::string(path->text());
  const auto inner = uri.find("uri");
  return inner && !inner->is(Kind::object) ? path_of(*inner)
         : inner ? std::string(text_at(*inner, text_at(*inner, "path").empty() ? "fsPath" : "path"))
                 : std::string();
}

bool is_true(const Value& json, std::string_view key) {
  const auto value = json.find(key);
  return value && value->is(Kind::boolean) && value->truth();
}

/// With what a tool was called, as JSON; empty: it does not say.
std::string tool_input(const Value& part) {
  std::string input;
  if (const auto specific = object_at(part, "toolSpecificData")) {
    const auto line = object_at(*specific, "commandLine");
    const std::string_view command =
        line ? text_at(*line, "original") : text_at(*specific, "command");
    if (const auto raw = specific->find("rawInput")) {
      append_cut(input, *raw);
    } else if (!command.empty()) {
      input = "{\"command\":";
      append_cut(input, command);
      input += '}';
    }
  }
  const auto details = object_at(part, "resultDetails");
  const auto given = details ? details->find("input") : std::nullopt;
  if (input.empty() && given) append_cut(input, *given);
  return input;
}

/// Tokens that the provider counted.
std::optional<Usage> usage_of(const Value& request, const std::optional<Value>& metadata) {
  Usage usage;
  usage.input_includes_cache = true;
  if (metadata) {
    usage.input = count_at(*metadata, "promptTokens");
    usage.output = count_at(*metadata, "outputTokens");
  }
  if (usage.input == 0 && usage.output == 0) {
    usage.input = count_at(request, "promptTokens");
    usage.output = count_at(request, "completionTokens");
  }
  return usage.input > 0 || usage.output > 0 ? std::optional(usage) : std::nullopt;
}

// ---- a request ----------------------------------------------------------------------------------

class RequestTeller {
 public:
  RequestTeller(const ChatSession& session, const Value& request, const ChatPlace& place,
                const LogReader::Sink& sink)
      : session_(session), request_(request), place_(place), sink_(sink) {
    id_ = text_at(request, "requestId");
    native_id_ = id_.empty() ? "request-" + std::to_string(place.index) : std::string(id_);
    model_ = text_at(request, "modelId");
    at_ = time_at(request, "timestamp");
  }

  void tell() {
    const auto state = object_at(request_, "modelState");
    const auto value = state ? state->find("value") : std::nullopt;
    const auto number = value ? value->to_int() : std::nullopt;
    if (is_true(request_, "isCanceled") || number == kCancelled) return;
    tell_question();
    if (number != kPending && number != kNeedsInput) tell_answer();
  }

 private:
  enum ModelState : std::int64_t { kPending = 0, kCancelled = 2, kNeedsInput = 4 };

  void tell_question() {
    const auto variable_data = object_at(request_, "variableData");
    auto variables = variable_data ? variable_data->find("variables") : std::nullopt;
    if (variables && !variables->is(Kind::array)) variables.reset();
    std::vector<Field> context = {
        {"username", std::string_view(session_.username)},
        {"location", std::string_view(session_.location)},
        {"variablesCount", std::int64_t{variables ? variables->size() : 0}},
        {"workspaceId", std::string_view(session_.workspace_id)}};
    if (!session_.workspace_path.empty())
      context.push_back({"workspacePath", std::string_view(session_.workspace_path)});
    const auto message = object_at(request_, "message");
    Record record = record_of(RecordKind::prompt, at_);
    record.text = message ? text_at(*message, "text") : std::string_view();
    record.context = context;
    give(record, ":request", {{"requestId", id_}, {"modelId", model_}});
    std::size_t i = 0;
    if (variables)
      for (const Value& variable : variables->elements()) tell_variable(variable, i++);
  }

  void tell_variable(const Value& variable, std::size_t number) {
    const auto value = variable.is(Kind::object) ? variable.find("value") : std::nullopt;
    if (!value) return;
    const std::string id = ":variable:" + std::to_string(number);
    if (!value->is(Kind::array)) return tell_file_of(variable, *value, id);
    std::size_t i = 0;
    for (const Value& element : value->elements())
      tell_file_of(variable, element, id + "." + std::to_string(i++));
  }

  void tell_file_of(const Value& variable, const Value& value, const std::string& id) {
    const std::string path = path_of(value);
    if (path.empty()) return;
    give(record_of(RecordKind::file_read, at_), id,
         {{"requestId", id_},
          {"filePath", std::string_view(path)},
          {"variableId", text_at(variable, "id")},
          {"variableName", text_at(variable, "name")},
          {"kind", text_at(variable, "kind")},
          {"automatic", is_true(variable, "automaticallyAdded")}});
  }

  void tell_answer() {
    std::string answer;
    const auto response = request_.find("response");
    std::size_t i = 0;
    if (response && response->is(Kind::array))
      for (const Value& part : response->elements())
        tell_part(part, ":part:" + std::to_string(i++), answer);
    const auto result = object_at(request_, "result");
    const auto metadata = result ? object_at(*result, "metadata") : std::nullopt;
    Record record = record_of(RecordKind::response, at_);
    if (record.at) *record.at += kAnswerAfter;
    record.text = answer;
    record.usage = usage_of(request_, metadata);
    if (metadata)
      if (const auto model = text_at(*metadata, "resolvedModel"); !model.empty())
        record.model = model;
    give(record, ":response",
         {{"requestId", id_}, {"responseId", text_at(request_, "responseId")}});
  }

  void tell_part(const Value& part, const std::string& id, std::string& answer) {
    if (!part.is(Kind::object)) return;
    const auto kind = part.find("kind");
    if (!kind || kind->is(Kind::null)) {
      if (const auto value = part.find("value")) answer += flexible_text(*value);
    } else if (kind->is(Kind::string)) {
      if (kind->text() == "toolInvocationSerialized") tell_tool(part, id);
      if (kind->text() == "codeblockUri") tell_code(part, id);
      if (kind->text() == "textEditGroup") tell_edits(part, id);
    }
  }

  void tell_tool(const Value& part, const std::string& id) {
    std::vector<Field> data = {{"requestId", id_},
                               {"toolId", text_at(part, "toolId")},
                               {"toolName", text_at(part, "toolName")},
                               {"toolCallId", text_at(part, "toolCallId")},
                               {"isComplete", is_true(part, "isComplete")}};
    std::string invocation, result;
    if (const auto message = part.find("invocationMessage")) {
      invocation = message_of(*message);
      data.push_back({"invocationMessage", std::string_view(invocation)});
    }
    if (const auto message = part.find("pastTenseMessage")) {
      result = message_of(*message);
      data.push_back({"result", std::string_view(result)});
    }
    if (const auto source = object_at(part, "source"))
      data.push_back({"source", text_at(*source, "label")});
    const std::string input = tool_input(part);
    if (!input.empty()) data.push_back({"toolInput", Field::Json{input}});
    give(record_of(RecordKind::tool_call, later(kToolStep)), id, std::move(data));
  }

  void tell_code(const Value& part, const std::string& id) {
    const auto uri = object_at(part, "uri");
    const std::string path = uri ? path_of(*uri) : std::string();
    if (path.empty()) return;
    give(record_of(RecordKind::file_read, later(kCodeStep)), id,
         {{"requestId", id_},
          {"filePath", std::string_view(path)},
          {"source", std::string_view("codeblock")}});
  }

  void tell_edits(const Value& part, const std::string& id) {
    const auto edits = part.find("edits");
    const std::int64_t count = edits && edits->is(Kind::array) ? edits->size() : 0;
    std::vector<Field> data = {{"requestId", id_}, {"editCount", count}};
    const auto uri = object_at(part, "uri");
    const std::string path = uri ? path_of(*uri) : std::string();
    if (!path.empty()) data.push_back({"filePath", std::string_view(path)});
    give(record_of(RecordKind::file_modify, later(kToolStep)), id, std::move(data));
  }

  std::optional<base::Time> later(milliseconds step) {
    offset_ += step;
    return at_ ? std::optional(*at_ + offset_) : std::nullopt;
  }

  Record record_of(RecordKind kind, std::optional<base::Time> at) const {
    Record record;
    record.kind = kind;
    record.offset = place_.offset;
    record.index = place_.index;
    record.is_cut = place_.is_cut;
    record.session_id = session_.id;
    record.model = model_;
    record.at = at;
    return record;
  }

  void give(Record record, std::string_view id, const std::vector<Field>& data) {
    const std::string native_id = native_id_ + std::string(id);
    record.native_id = native_id;
    record.data = data;
    sink_(record);
  }

  const ChatSession& session_;
  const Value& request_;
  const ChatPlace& place_;
  const LogReader::Sink& sink_;
  std::string_view id_, model_;
  std::string native_id_;
  std::optional<base::Time> at_;
  milliseconds offset_{0};
};

}  // namespace

ChatSession ChatSession::of(const std::string& path, std::string_view extension) {
  ChatSession session;
  std::string_view name = path;
  name.remove_prefix(name.find_last_of("/\\") + 1);
  if (name.ends_with(extension)) name.remove_suffix(extension.size());
  session.id = base::to_utf8(name);
  if (const std::string_view hash = workspace_hash(path); !hash.empty()) {
    session.workspace_id = base::to_utf8(hash);
    const auto end = static_cast<std::size_t>(hash.data() + hash.size() - path.data());
    session.workspace_path = workspace_in(path.substr(0, end));
  }
  return session;
}

void ChatSession::take(std::string_view key, const Value& value) {
  if (!value.is(Kind::string)) return;
  if (key == "requesterUsername") username = to_name(value.text());
  if (key == "initialLocation") location = to_name(value.text());
}

bool tell_request(const ChatSession& session, const Value& request, ChatPlace place,
                  const LogReader::Sink& sink) {
  if (!request.is(Kind::object)) return false;
  RequestTeller(session, request, place, sink).tell();
  return true;
}

std::string path_in(std::string_view text) {
  if (text.starts_with("file://")) return path_of_uri(text);
  const std::size_t scheme = text.find("://");
  const bool is_uri =
      scheme != 0 && scheme != text.npos &&
      std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(scheme),
                  [](unsigned char byte) {
                    return std::isalnum(byte) || byte == '-' || byte == '+' || byte == '.';
                  });
  const bool is_line = text.find('\n') == text.npos;
  return is_line && (is_uri || text.starts_with('/') || has_drive(text)) ? std::string(text)
                                                                         : std::string();
}

}  // namespace agents
