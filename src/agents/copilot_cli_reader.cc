#include "copilot_cli_reader.h"

#include <algorithm>
#include <filesystem>

#include "agents/tools.h"
#include "base/utf8.h"
#include "json_fields.h"
#include "json_text.h"
#include "log_time.h"

namespace agents {
namespace {

constexpr std::string_view kState = "copilot cli 1";

/// `SESSION/events.jsonl`, or `SESSION.jsonl`.
std::string session_of(const std::filesystem::path& path) {
  const bool is_in_folder = path.filename() == "events.jsonl";
  return base::to_utf8((is_in_folder ? path.parent_path().filename() : path.stem()).string());
}

Usage usage_of(const Value& json) {
  Usage usage;
  usage.input = count_at(json, "inputTokens");
  usage.output = count_at(json, "outputTokens");
  usage.cache_read = count_at(json, "cacheReadTokens");
  usage.cache_write = count_at(json, "cacheWriteTokens");
  usage.reasoning = count_at(json, "reasoningTokens");
  usage.input_includes_cache = true;
  return usage;
}

std::string_view path_in(const Value& input) {
  for (const std::string_view key : {"path", "filePath", "file_path"})
    if (const std::string_view path = text_at(input, key); !path.empty()) return path;
  return {};
}

}  // namespace

CopilotCliReader::CopilotCliReader(const std::string& path) : session_id_(session_of(path)) {}

void CopilotCliReader::read(const Line& line, const Value& json, const Sink& sink) {
  const std::string number = "line-" + std::to_string(lines_++);
  const auto data = object_at(json, "data");
  if (!data) return;
  Record record;
  record.type = text_at(json, "type");
  if (record.type == "session.start" || record.type == "session.resume") read_session(*data);
  if (record.type == "session.model_change")
    if (const auto model = text_at(*data, "newModel"); !model.empty()) model_ = to_name(model);
  record.offset = line.offset;
  record.index = line.index;
  record.is_cut = line.is_cut;
  record.native_id = text_at(json, "id");
  if (record.native_id.empty()) record.native_id = number;
  record.session_id = session_id_;
  record.timestamp = text_at(json, "timestamp");
  record.at = time_at(json, "timestamp");
  record.client_version = version_;
  record.working_directory = working_directory_;
  record.branch = branch_;
  record.model = model_;

  if (record.type == "session.start") {
    record.kind = Record::Kind::session_start;
    if (const auto at = time_at(*data, "startTime")) record.at = at;
    sink(record);
  } else if (record.type == "user.message") {
    record.text = text_at(*data, "content");
    if (record.text.empty()) return;
    calls_.give_all(sink);
    record.kind = Record::Kind::prompt;
    sink(record);
  } else if (record.type == "assistant.message") {
    read_answer(record, *data, sink);
  } else if (record.type == "tool.execution_start") {
    read_call(record, *data, sink);
  } else if (record.type == "tool.execution_complete") {
    read_outcome(record, *data, sink);
  } else if (record.type == "session.error") {
    record.kind = Record::Kind::failure;
    record.is_error = true;
    record.text = text_at(*data, "message");
    if (record.text.empty()) record.text = record.type;
    sink(record);
  } else if (record.type == "session.shutdown") {
    read_end(record, *data, sink);
  }
}

void CopilotCliReader::read_session(const Value& data) {
  const auto take = [](std::string& to, const Value& from, std::string_view key) {
    if (const auto text = text_at(from, key); !text.empty()) to = to_name(text);
  };
  take(session_id_, data, "sessionId");
  take(version_, data, "copilotVersion");
  take(model_, data, "selectedModel");
  if (const auto context = object_at(data, "context")) {
    take(working_directory_, *context, "cwd");
    take(branch_, *context, "branch");
  }
}

void CopilotCliReader::read_answer(Record record, const Value& data, const Sink& sink) {
  record.kind = Record::Kind::response;
  record.text = text_at(data, "content");
  record.message_id = text_at(data, "messageId");
  if (const std::int64_t output = count_at(data, "outputTokens"); output > 0) {
    record.usage.emplace().output = output;
    if (Counted* const model = counted(model_))
      model->output = std::min(model->output, std::int64_t{1} << 60) + output;
  }
  if (!record.text.empty() || record.usage) sink(record);
}

void CopilotCliReader::read_call(Record call, const Value& data, const Sink& sink) {
  call.tool_name = text_at(data, "toolName");
  call.kind = kind_of_tool(Agent::copilot, call.tool_name);
  call.tool_call_id = text_at(data, "toolCallId");
  std::string input;
  if (const auto arguments = data.find("arguments")) {
    call.is_cut |= append_input(input, *arguments);
    call.file_path = path_in(*arguments);
  }
  call.input_json = input;
  if (call.tool_call_id.empty()) return sink(call);
  call.native_id = call.tool_call_id;
  calls_.add(call, sink);
}

void CopilotCliReader::read_outcome(const Record& place, const Value& data, const Sink& sink) {
  const auto call = calls_.take(text_at(data, "toolCallId"));
  if (!call) return;
  Record record = call->view();
  std::string output;
  auto result = data.find("result");
  if (!result || result->is(Kind::null)) result = data.find("error");
  if (result) {
    const auto content = result->is(Kind::object) ? result->find("content") : std::nullopt;
    record.is_cut |= append_cut(output, content ? *content : *result);
  }
  record.output_json = output;
  record.is_cut |= place.is_cut;
  const auto success = data.find("success");
  record.is_error = success && success->is(Kind::boolean) && !success->truth();
  if (record.at && place.at && *place.at > *record.at)
    record.duration_ms = (*place.at - *record.at).count();
  sink(record);
}

/// The totals of the session's models, of which what its messages said has been told.
void CopilotCliReader::read_end(Record record, const Value& data, const Sink& sink) {
  calls_.give_all(sink);
  if (const auto models = object_at(data, "modelMetrics")) {
    for (const auto& [name, metrics] : models->members()) {
      const auto usage = object_at(metrics, "usage");
      Counted* const before = usage ? counted(name) : nullptr;
      if (!before) continue;
      const Usage total = usage_of(*usage);
      Usage since = difference(total, before->total);
      since.output = std::max<std::int64_t>(since.output - before->output, 0);
      *before = {total, 0};
      if (since.input == 0 && since.output == 0) continue;
      const std::string id = std::string(record.native_id) + ":" + std::string(name);
      Record tokens = record;
      tokens.kind = Record::Kind::response;
      tokens.native_id = id;
      tokens.model = name;
      tokens.usage = since;
      sink(tokens);
    }
  }
  record.kind = Record::Kind::session_end;
  sink(record);
}

/// Null when there are too many models.
CopilotCliReader::Counted* CopilotCliReader::counted(std::string_view model) {
  const std::string name = to_name(model);
  if (const auto found = counted_.find(name); found != counted_.end()) return &found->second;
  return counted_.size() < kMaxModels ? &counted_[name] : nullptr;
}

std::string CopilotCliReader::save() const {
  StateWriter state(kState);
  for (const std::string* text : {&session_id_, &version_, &working_directory_, &branch_, &model_})
    state.text(*text);
  state.number(static_cast<std::int64_t>(lines_));
  state.number(static_cast<std::int64_t>(counted_.size()));
  for (const auto& [model, counted] : counted_) {
    state.text(model);
    save_usage(state, counted.total);
    state.number(counted.output);
  }
  calls_.save(state);
  return state.take();
}

bool CopilotCliReader::restore(std::string_view text) {
  StateReader state(text, kState);
  std::string texts[5];
  for (std::string& name : texts) name = state.text();
  const auto lines = static_cast<std::uint64_t>(state.number());
  std::map<std::string, Counted, std::less<>> counted;
  for (std::int64_t left = state.number(); left > 0 && state.ok(); --left) {
    Counted& of_model = counted[std::string(state.text())];
    of_model.total = load_usage(state);
    of_model.output = state.number();
  }
  WaitingCalls calls = WaitingCalls::load(state);
  if (!state.is_whole()) return false;
  session_id_ = texts[0];
  version_ = texts[1];
  working_directory_ = texts[2];
  branch_ = texts[3];
  model_ = texts[4];
  lines_ = lines;
  counted_ = std::move(counted);
  calls_ = std::move(calls);
  return true;
}

}  // namespace agents
