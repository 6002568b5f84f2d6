#include "collector/event_mapping.h"

#include <fmt/format.h>

#include "agents/locations.h"
#include "agents/token_estimate.h"
#include "base/json_writer.h"
#include "collector/event_ids.h"

namespace collector {
namespace {

using agents::Record;
using base::json::Writer;
using Kind = Record::Kind;

constexpr std::string_view kVersion = "1.0.0";  // of an agent whose log tells none

std::string_view type_of(Kind kind) {
  switch (kind) {
    case Kind::session_start:
      return "session_start";
    case Kind::session_end:
      return "session_end";
    case Kind::prompt:
      return "llm_request";
    case Kind::response:
      return "llm_response";
    case Kind::tool_call:
      return "tool_use";
    case Kind::file_read:
      return "file_read";
    case Kind::file_write:
      return "file_write";
    case Kind::file_modify:
      return "file_modify";
    case Kind::command:
      return "command_execution";
    case Kind::failure:
      return "error_encountered";
    case Kind::interaction:
      return "user_interaction";
    case Kind::line:
    case Kind::usage:
    case Kind::patch:
      break;
  }
  return {};
}

void add(Writer& json, std::string_view name, std::string_view text) {
  if (!text.empty()) json.key(name).value(text);
}
void add(Writer& json, std::string_view name, std::int64_t count) {
  if (count != 0) json.key(name).value(count);
}

struct WriteValue {
  Writer& json;
  void operator()(std::string_view text) const { json.value(text); }
  void operator()(std::int64_t number) const { json.value(number); }
  void operator()(double real) const { json.value(real); }
  void operator()(bool truth) const { json.value(truth); }
  void operator()(agents::Field::Json value) const { json.raw(value.text); }
};

void add(Writer& json, std::span<const agents::Field> fields) {
  for (const agents::Field& field : fields) {
    json.escaped_key(field.name);
    std::visit(WriteValue{json}, field.value);
  }
}

void add_usage(Writer& json, const agents::Usage& usage) {
  json.key("usage").begin_object();
  add(json, "inputTokens", usage.input);
  add(json, "outputTokens", usage.output);
  add(json, "cacheReadTokens", usage.cache_read);
  add(json, "cacheWriteTokens", usage.cache_write);
  add(json, "cacheWrite1hTokens", usage.cache_write_1h);
  add(json, "reasoningTokens", usage.reasoning);
  if (usage.input_includes_cache) json.key("inputIncludesCache").value(true);
  json.end_object();
}

void add_names(Writer& json, const Place& place) {
  add(json, "projectName", place.project_name);
  add(json, "machineName", place.machine_name);
}

/// The whole prompt, with what the cache held of it.
std::int64_t prompt_tokens(const agents::Usage& usage) {
  if (usage.input_includes_cache) return usage.input;
  return usage.input + usage.cache_read + usage.cache_write;
}

}  // namespace

/// Formats whose fields the contract lists one by one.
bool EventMapping::has_contract_format() const {
  using agents::Format;
  return origin_.format == Format::copilot_chat || origin_.format == Format::copilot_chat_log ||
         origin_.format == Format::copilot_completions || origin_.format == Format::claude_log ||
         origin_.format == Format::cursor_log;
}

bool EventMapping::is_chat() const {
  return origin_.format == agents::Format::copilot_chat ||
         origin_.format == agents::Format::copilot_chat_log;
}

void EventMapping::settle(AgentEvent& event, const Place& place) const {
  if (is_settled() || !place.is_resolved()) return;
  event.project_id = place.project_id;
  event.machine_id = place.machine_id;
  event.workspace_id = place.workspace_id;
  if (is_chat() && event.event_type != type_of(Kind::prompt)) return;
  std::string names;
  Writer json(names);
  add_names(json, place);
  if (!event.context.empty() && !names.empty()) event.context += ',';
  event.context += names;
}

std::optional<AgentEvent> EventMapping::map(const Record& record) const {
  const std::string_view type = type_of(record.kind);
  if (type.empty()) return std::nullopt;
  AgentEvent event;
  event.event_type = type;
  event.agent_id = agents::adapter_name(origin_.agent);
  event.agent_version = record.client_version.empty() ? kVersion : record.client_version;
  // A session that is taken up again, or forked, repeats what Claude Code has written before: the
  // same ids in another session.
  const bool is_unique_alone =
      origin_.agent == agents::Agent::claude_code && record.kind != Kind::session_start;
  event.id = event_id(event.agent_id, is_unique_alone ? std::string_view() : record.session_id,
                      record.native_id);
  event.session_id = session_uuid(record.session_id.empty() ? event.id : record.session_id);
  event.timestamp = record.at.value_or(clock_.now());
  event.legacy_project_id = origin_.legacy_project_id;
  event.project_id = place_.is_resolved() ? place_.project_id : origin_.project_id;
  event.machine_id = place_.machine_id;
  event.workspace_id = place_.workspace_id;
  set_context(record, event);
  set_data(record, event);
  set_metrics(record, event);
  return event;
}

void EventMapping::set_context(const Record& record, AgentEvent& event) const {
  Writer json(event.context);
  if (!record.session_id.empty() && event.session_id != record.session_id)
    json.key("nativeSessionId").value(record.session_id);
  add(json, "parentSessionId", record.parent_session_id);
  if (!has_contract_format()) {
    add(json, "workingDirectory", record.working_directory);
    add(json, "branch", record.branch);
    add(json, "model", record.model);
    add(json, "clientVersion", record.client_version);
    add(json, "repositoryUrl", record.repository_url);
  }
  add(json, record.context);
  // Of Copilot's chats only requests carry the names.
  if (is_chat() && record.kind != Kind::prompt) return;
  add_names(json, place_);
}

void EventMapping::set_data(const Record& record, AgentEvent& event) const {
  Writer json(event.data);
  const bool says_all = has_contract_format() && origin_.agent == agents::Agent::copilot;
  if (record.kind == Kind::prompt && (says_all || !record.text.empty())) {
    json.key("prompt").value(record.text).key("promptLength").value(record.text.size());
  } else if (record.kind == Kind::response && (says_all || !record.text.empty())) {
    json.key("response").value(record.text).key("responseLength").value(record.text.size());
  } else if (record.kind == Kind::failure) {
    add(json, "error", record.text);
  } else if (record.kind != Kind::prompt && record.kind != Kind::response) {
    add(json, "text", record.text);
  }
  if (!has_contract_format()) {
    add(json, "messageId", record.message_id);
    add(json, "requestId", record.request_id);
    add(json, "toolName", record.tool_name);
    add(json, "toolCallId", record.tool_call_id);
    if (!record.input_json.empty()) json.key("toolInput").raw(record.input_json);
    if (!record.output_json.empty()) json.key("toolOutput").raw(record.output_json);
    if (record.is_error) json.key("isError").value(true);
    add(json, "filePath", record.file_path);
  }
  const bool is_log =
      origin_.format == agents::Format::claude_log || origin_.format == agents::Format::cursor_log;
  if (record.usage && !is_log) add_usage(json, *record.usage);
  if (record.is_cut) json.key("isCut").value(true);
  add(json, record.data);
}

void EventMapping::set_metrics(const Record& record, AgentEvent& event) const {
  AgentEvent::Metrics& metrics = event.metrics;
  metrics.duration_ms = record.duration_ms;
  metrics.cost = record.cost_usd.value_or(0);
  if (record.usage) {
    metrics.prompt_tokens = prompt_tokens(*record.usage);
    metrics.response_tokens = record.usage->output;
  }
  metrics.token_count = record.token_count.value_or(
      record.usage && !has_contract_format() ? metrics.prompt_tokens + metrics.response_tokens : 0);
  const bool is_told = record.kind == Kind::prompt || record.kind == Kind::response;
  if (is_chat() && is_told && !record.usage) {
    auto& estimate = record.kind == Kind::prompt ? metrics.prompt_tokens : metrics.response_tokens;
    estimate = agents::estimate_tokens(record.text);
  }
  event.has_metrics = (is_chat() && is_told) || metrics.token_count != 0 ||
                      metrics.prompt_tokens != 0 || metrics.response_tokens != 0 ||
                      metrics.duration_ms != 0 || metrics.cost != 0;
}

}  // namespace collector
