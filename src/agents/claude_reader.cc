#include "claude_reader.h"

#include <cmath>
#include <filesystem>

#include "base/utf8.h"
#include "json_fields.h"

namespace agents {
namespace {

constexpr double kMostUsd = 1e9;  // of a session; more is no cost

std::string_view first_text(const Value& json, std::string_view a, std::string_view b) {
  const std::string_view text = text_at(json, a);
  return text.empty() ? text_at(json, b) : text;
}

Usage usage_of(const Value& json) {
  Usage usage;
  usage.input = count_at(json, "input_tokens");
  usage.output = count_at(json, "output_tokens");
  usage.cache_read = count_at(json, "cache_read_input_tokens");
  usage.cache_write = count_at(json, "cache_creation_input_tokens");
  if (const auto writes = object_at(json, "cache_creation")) {
    usage.cache_write_1h = count_at(*writes, "ephemeral_1h_input_tokens");
    // Where only the parts are given, they are the sum.
    if (usage.cache_write == 0)
      usage.cache_write = usage.cache_write_1h + count_at(*writes, "ephemeral_5m_input_tokens");
  }
  usage.cache_write_1h = std::min(usage.cache_write_1h, usage.cache_write);
  return usage;
}

bool says_error(const Value& json, std::string_view type) {
  if (type == "error" || text_at(json, "status") == "error") return true;
  const auto mark = json.find("is_error");
  return mark && is_truthy(*mark);
}

}  // namespace

ClaudeReader::ClaudeReader(const std::string& path)
    : file_stem_(base::to_utf8(std::filesystem::path(path).stem().string())),
      is_subagent_file_(file_stem_.starts_with("agent-")) {
  const auto folder = std::filesystem::path(path).parent_path();
  if (is_subagent_file_ && folder.filename() == "subagents")
    parent_ = base::to_utf8(folder.parent_path().filename().string());
}

void ClaudeReader::read(const Line& line, const Value& json, const Sink& sink) {
  if (!json.is(Kind::object)) return;
  Record record;
  record.type = text_at(json, "type");
  if (record.type.empty()) return;
  record.offset = line.offset;
  record.index = line.index;
  record.is_cut = line.is_cut;

  record.session_id = text_at(json, "sessionId");
  // The lines of a sub-agent carry its parent's session id, and numbers of their own: under that id
  // they would be taken for the parent's lines.
  const auto sidechain = json.find("isSidechain");
  if (is_subagent_file_ && sidechain && is_truthy(*sidechain) && !record.session_id.empty())
    parent_ = record.session_id;
  // Some of them name no session at all.
  const bool is_of_subagent = is_subagent_file_ && !parent_.empty() &&
                              (record.session_id.empty() || record.session_id == parent_);
  if (is_of_subagent) {
    record.parent_session_id = parent_;
    session_id_.assign(parent_).append("-").append(file_stem_);
    record.session_id = session_id_;
  } else if (record.session_id.empty()) {
    record.session_id = file_stem_;
  }

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
  if (usage) record.usage = usage_of(*usage);
  if (const auto cost = json.find("costUSD"); cost && cost->is(Kind::number))
    if (const double usd = cost->to_double(); std::abs(usd) < kMostUsd) record.cost_usd = usd;

  record.content = json.find("content");
  record.input = object_at(json, "input");
  record.output = json.find("output");
  record.error = json.find("error");
  sink(record);
}

}  // namespace agents
