#include "generic_reader.h"

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "base/utf8.h"
#include "draft.h"
#include "flat_log_reader.h"
#include "json_fields.h"
#include "record_values.h"

namespace agents {
namespace {

using RecordKind = Record::Kind;

const FieldNames& default_fields() {
  static const FieldNames fields{
      {"timestamp", {"timestamp", "time", "ts", "@timestamp", "created_at"}},
      {"eventType", {"eventType", "event_type", "type", "event"}},
      {"sessionId", {"sessionId", "session_id", "conversation_id", "thread_id"}},
      {"prompt", {"prompt"}},
      {"response", {"response", "completion", "output"}},
      {"text", {"message", "text", "content"}},
      {"tool", {"tool", "tool_name"}},
      {"input", {"args", "input"}},
      {"output", {"tool_output", "result"}},
      {"model", {"model"}},
      {"file", {"file", "file_path", "filePath"}},
      {"inputTokens", {"usage.input_tokens", "usage.prompt_tokens", "prompt_tokens"}},
      {"outputTokens", {"usage.output_tokens", "usage.completion_tokens", "completion_tokens"}},
      {"totalTokens", {"usage.total_tokens", "total_tokens"}},
      {"id", {"id", "uuid"}},
  };
  return fields;
}

struct TypeName {
  std::string_view name;
  RecordKind kind;
};
constexpr TypeName kTypes[] = {
    {"llm_request", RecordKind::prompt},          {"prompt", RecordKind::prompt},
    {"llm_response", RecordKind::response},       {"completion", RecordKind::response},
    {"tool_use", RecordKind::tool_call},          {"tool_call", RecordKind::tool_call},
    {"file_read", RecordKind::file_read},         {"file_write", RecordKind::file_write},
    {"file_modify", RecordKind::file_modify},     {"user_interaction", RecordKind::interaction},
    {"command_execution", RecordKind::command},   {"error_encountered", RecordKind::failure},
    {"session_start", RecordKind::session_start}, {"session_end", RecordKind::session_end},
};

std::string_view name_of(RecordKind kind) {
  for (const TypeName& known : kTypes)
    if (known.kind == kind) return known.name;
  return {};
}

/// The value at `name`: a member of that name, or one of the objects that its dots go into.
std::optional<Value> value_at(const Value& object, std::string_view name) {
  if (!object.is(Kind::object)) return std::nullopt;
  if (const auto value = object.find(name); value && !value->is(Kind::null)) return value;
  const std::size_t dot = name.find('.');
  if (dot == name.npos) return std::nullopt;
  const auto inner = object.find(name.substr(0, dot));
  return inner ? value_at(*inner, name.substr(dot + 1)) : std::nullopt;
}

/// A line, and which of its members have been understood.
class Entry {
 public:
  Entry(const Value& json, const FieldNames& fields) : json_(json), fields_(fields) {}

  /// The first that is there of the names of `target`.
  std::optional<Value> find(std::string_view target) {
    const auto names = fields_.find(target);
    if (names == fields_.end()) return std::nullopt;
    for (const std::string& name : names->second) {
      const auto value = value_at(json_, name);
      if (!value) continue;
      used_.push_back(json_.find(name) ? std::string_view(name)
                                       : std::string_view(name).substr(0, name.find('.')));
      return value;
    }
    return std::nullopt;
  }
  std::string_view text(std::string_view target) {
    const auto value = find(target);
    return value && (value->is(Kind::string) || value->is(Kind::number)) ? value->text()
                                                                         : std::string_view();
  }
  std::int64_t count(std::string_view target) {
    const auto value = find(target);
    const double count = value && value->is(Kind::number) ? value->to_double() : 0;
    return count > 0 && count <= kMostCount ? static_cast<std::int64_t>(count) : 0;
  }
  void take(std::string_view member) { used_.push_back(member); }

  /// All other members become data.
  void add_rest(Draft& draft) const {
    for (const auto& [key, value] : json_.members())
      if (std::find(used_.begin(), used_.end(), key) == used_.end())
        draft.add_data(key, Field::Json{draft.keep(to_cut_json(value))});
  }

 private:
  const Value& json_;
  const FieldNames& fields_;
  std::vector<std::string_view> used_;
};

bool is_about_file(RecordKind kind) {
  return kind == RecordKind::file_read || kind == RecordKind::file_write ||
         kind == RecordKind::file_modify;
}
bool is_about_tool(RecordKind kind) {
  return kind == RecordKind::tool_call || kind == RecordKind::command || is_about_file(kind);
}

std::string content_of(const std::optional<Value>& value) {
  if (!value) return {};
  std::string text = text_of(*value);
  return text.empty() && !value->is(Kind::string) ? to_cut_json(*value) : text;
}

}  // namespace

GenericReader::GenericReader(const std::string& path, const FieldNames& fields)
    : file_stem_(base::to_utf8(std::filesystem::path(path).stem().string())), fields_(fields) {
  for (const auto& [target, names] : default_fields()) fields_.try_emplace(target, names);
}

void GenericReader::read(const Line& line, const Value& json, const Sink& sink) {
  if (!json.is(Kind::object)) return;
  Entry entry(json, fields_);
  // What something is called is a tool only where it was given something.
  const bool is_tool_by_name =
      !Entry(json, fields_).find("tool") && json.find("name") && Entry(json, fields_).find("input");

  std::optional<RecordKind> kind;
  const std::string_view type = Entry(json, fields_).text("eventType");
  for (const TypeName& known : kTypes)
    if (known.name == type) kind = known.kind;
  if (kind) entry.find("eventType");
  const auto has = [&](std::string_view target) {
    return Entry(json, fields_).find(target).has_value();
  };
  if (!kind) {
    const std::string message = base::to_lower(Entry(json, fields_).text("text"));
    FlatTraits traits;
    traits.has_prompt = has("prompt");
    traits.has_response = has("response");
    traits.has_tool = has("tool") || is_tool_by_name;
    traits.has_file = has("file");
    traits.action = text_at(json, "action");
    traits.message = message;
    kind = kind_of_flat(traits).value_or(RecordKind::interaction);
  }

  const std::string_view id = entry.text("id");
  // One id may stand for a question and its answer.
  Draft draft(*kind,
              id.empty() ? line_id(line) : std::string(id).append("/").append(name_of(*kind)));
  Record& record = draft.record;
  record.offset = line.offset;
  record.index = line.index;
  record.is_cut = line.is_cut;
  record.session_id = entry.text("sessionId");
  if (record.session_id.empty()) record.session_id = file_stem_;
  if (const auto at = entry.find("timestamp"))
    record.at = at->is(Kind::number) ? to_time(at->to_double())
                                     : parse_time(at->is(Kind::string) ? at->text() : "");
  record.model = entry.text("model");

  if (is_about_tool(*kind)) {
    record.tool_name = is_tool_by_name ? text_at(json, "name") : entry.text("tool");
    if (is_tool_by_name) entry.take("name");
    if (const auto input = entry.find("input")) record.input_json = draft.keep(to_cut_json(*input));
    if (const auto output = entry.find(has("output") ? "output" : "response"))
      record.output_json = draft.keep(to_cut_json(*output));
    record.file_path = entry.text("file");
  } else {
    const std::string_view own = *kind == RecordKind::prompt     ? "prompt"
                                 : *kind == RecordKind::response ? "response"
                                                                 : "text";
    record.text = draft.keep(content_of(entry.find(has(own) ? own : "text")));
  }

  const Usage usage{entry.count("inputTokens"), entry.count("outputTokens")};
  const std::int64_t sum = entry.count("totalTokens");
  if (usage.input > 0 || usage.output > 0 || sum > 0) record.usage = usage;
  if (sum > 0) record.token_count = sum;
  entry.add_rest(draft);
  draft.give(sink);
}

}  // namespace agents
