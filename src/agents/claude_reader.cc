#include "claude_reader.h"

#include "json_fields.h"
#include "reader_state.h"

namespace agents {
namespace {

constexpr std::string_view kState = "claude lines 1";

std::string_view first_text(const Value& json, std::string_view a, std::string_view b) {
  const std::string_view text = text_at(json, a);
  return text.empty() ? text_at(json, b) : text;
}

bool says_error(const Value& json, std::string_view type) {
  if (type == "error" || text_at(json, "status") == "error") return true;
  const auto mark = json.find("is_error");
  return mark && is_truthy(*mark);
}

}  // namespace

void ClaudeReader::read(const Line& line, const Value& json, const Sink& sink) {
  if (!json.is(Kind::object)) return;
  Record record;
  record.type = text_at(json, "type");
  if (record.type.empty()) return;
  record.offset = line.offset;
  record.index = line.index;
  record.is_cut = line.is_cut;

  sessions_.name(json, record);
  const auto message = object_at(json, "message");
  const auto of_message = [&message](std::string_view key) {
    return message ? text_at(*message, key) : std::string_view();
  };
  record.tool_name = first_text(json, "name", "tool_name");
  record.model = text_at(json, "model");
  if (record.model.empty()) record.model = of_message("model");
  record.message_id = of_message("id");
  record.request_id = text_at(json, "requestId");
  record.timestamp = text_at(json, "timestamp");
  record.working_directory = text_at(json, "cwd");
  record.branch = text_at(json, "gitBranch");
  record.is_error = says_error(json, record.type);
  record.duration_ms = count_at(json, json.find("duration_ms") ? "duration_ms" : "durationMs");

  auto usage = object_at(json, "usage");
  if (!usage && message) usage = object_at(*message, "usage");
  if (usage) record.usage = claude_usage_of(*usage);
  record.cost_usd = claude_cost_of(json);

  record.content = json.find("content");
  record.input = object_at(json, "input");
  record.output = json.find("output");
  record.error = json.find("error");
  sink(record);
}

std::string ClaudeReader::save() const {
  return StateWriter(kState).text(sessions_.parent()).take();
}

bool ClaudeReader::restore(std::string_view state) {
  StateReader reader(state, kState);
  const std::string_view parent = reader.text();
  if (!reader.is_whole()) return false;
  sessions_.set_parent(parent);
  return true;
}

}  // namespace agents
