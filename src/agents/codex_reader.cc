#include "codex_reader.h"

#include <fmt/format.h>

#include <cctype>
#include <filesystem>

#include "agents/patch.h"
#include "base/utf8.h"
#include "json_fields.h"

namespace agents {
namespace {

constexpr std::string_view kPatchTool = "apply_patch";

Usage usage_of(const Value& json) {
  Usage usage;
  usage.input = count_at(json, "input_tokens");
  usage.output = count_at(json, "output_tokens");
  usage.cache_read = count_at(json, "cached_input_tokens");
  usage.reasoning = count_at(json, "reasoning_output_tokens");
  usage.input_includes_cache = true;
  return usage;
}

/// What came since; a counter that fell has begun anew, and says nothing about this step.
Usage difference(const Usage& now, const Usage& before) {
  const auto since = [](std::int64_t a, std::int64_t b) {
    return std::max<std::int64_t>(a - b, 0);
  };
  Usage usage;
  usage.input = since(now.input, before.input);
  usage.output = since(now.output, before.output);
  usage.cache_read = since(now.cache_read, before.cache_read);
  usage.reasoning = since(now.reasoning, before.reasoning);
  usage.input_includes_cache = true;
  return usage;
}

/// The patch that a shell command applies; empty when it applies none.
std::string_view patch_in_command(std::string_view arguments, base::json::Document& document) {
  const auto parsed = document.parse(arguments);
  if (parsed) {
    const std::string_view command = text_at(*parsed, "cmd");
    return command.starts_with(kPatchTool) ? command : std::string_view();
  }
  const bool is_patch =
      arguments.starts_with(kPatchTool) || arguments.find("*** Begin Patch") != arguments.npos;
  return is_patch ? arguments : std::string_view();
}

bool is_uuid(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !std::isxdigit(static_cast<unsigned char>(text[i]))) return false;
  }
  return text.size() == 36;
}

}  // namespace

std::string codex_session_of(const std::string& path) {
  const std::string stem = base::to_utf8(std::filesystem::path(path).stem().string());
  for (std::size_t at = 0; at + 36 <= stem.size(); ++at)
    if (is_uuid(std::string_view(stem).substr(at, 36))) return stem.substr(at, 36);
  return stem;
}

CodexReader::CodexReader(const std::string& path, std::string default_model)
    : session_id_(codex_session_of(path)), default_model_(std::move(default_model)) {}

void CodexReader::read(const Line& line, const Value& json, const Sink& sink) {
  timestamp_ = text_at(json, "timestamp");
  const auto payload = object_at(json, "payload");
  if (!payload) return;
  const std::string_view type = text_at(json, "type");
  if (type == "session_meta") {
    read_meta(line, *payload, sink);
  } else if (type == "turn_context") {
    turn_id_ = text_at(*payload, "turn_id");
    if (const auto model = text_at(*payload, "model"); !model.empty()) turn_model_ = model;
    if (const auto cwd = text_at(*payload, "cwd"); working_directory_.empty())
      working_directory_ = cwd;
  } else if (type == "event_msg" && text_at(*payload, "type") == "token_count") {
    read_tokens(line, *payload, sink);
  } else if (type == "response_item") {
    read_item(line, *payload, sink);
  }
}

void CodexReader::read_meta(const Line& line, const Value& payload, const Sink& sink) {
  const std::string_view cwd = text_at(payload, "cwd");
  if (!has_meta_) {
    has_meta_ = true;
    if (const auto id = text_at(payload, "id"); !id.empty()) session_id_ = id;
    working_directory_ = cwd;
    if (const auto at = text_at(payload, "timestamp"); !at.empty() && timestamp_.empty())
      timestamp_ = at;
  }
  Record record = record_at(line, Record::Kind::session_start);
  record.originator = text_at(payload, "originator");
  record.text = text_at(payload, "timestamp");
  record.working_directory = cwd;
  record.model = default_model_;
  if (const auto git = object_at(payload, "git")) record.branch = text_at(*git, "branch");
  record.parent_session_id = text_at(payload, "forked_from_id");
  give(record, sink);
}

void CodexReader::read_tokens(const Line& line, const Value& payload, const Sink& sink) {
  const auto info = object_at(payload, "info");
  const auto total = info ? object_at(*info, "total_token_usage") : std::nullopt;
  if (!total) return;
  const Usage now = usage_of(*total);
  const Usage usage = difference(now, totals_);
  totals_ = now;
  if (usage.input <= 0 && usage.output <= 0) return;
  Record record = record_at(line, Record::Kind::usage);
  record.usage = usage;
  if (const auto model = text_at(*info, "model"); !model.empty()) record.model = model;
  // A fork begins with a copy of its parent's turns, token counts and all.
  if (!turn_id_.empty()) {
    usage_id_ = fmt::format("{}:{}:{}:{}", turn_id_, now.input, now.output, now.cache_read);
    record.message_id = usage_id_;
  }
  record.ordinal = ordinal_++;
  give(record, sink);
}

void CodexReader::read_item(const Line& line, const Value& payload, const Sink& sink) {
  const std::string_view name = text_at(payload, "name");
  std::string_view patch;
  if (name == kPatchTool) {
    patch = text_at(payload, "input");
  } else if (name == "exec_command") {
    if (const auto arguments = text_at(payload, "arguments"); !arguments.empty())
      patch = patch_in_command(arguments, arguments_);
  }
  if (patch.empty()) return;
  const auto summary = summarize_patch(patch);
  if (!summary) return;
  Record record = record_at(line, Record::Kind::patch);
  record.model = {};
  record.tool_name = kPatchTool;
  record.text = patch;
  record.ordinal = ordinal_++;
  give(record, sink);
}

void CodexReader::finish(const Sink& sink) {
  if (!has_given_) return;
  Record record;
  record.kind = Record::Kind::session_end;
  record.session_id = session_id_;
  record.working_directory = working_directory_;
  record.timestamp = timestamp_;
  record.usage = totals_;
  sink(record);
}

Record CodexReader::record_at(const Line& line, Record::Kind kind) const {
  Record record;
  record.kind = kind;
  record.offset = line.offset;
  record.index = line.index;
  record.is_cut = line.is_cut;
  record.session_id = session_id_;
  record.timestamp = timestamp_;
  record.working_directory = working_directory_;
  record.model = turn_model_.empty() ? default_model_ : turn_model_;
  return record;
}

void CodexReader::give(Record record, const Sink& sink) {
  has_given_ = true;
  sink(record);
}

}  // namespace agents
