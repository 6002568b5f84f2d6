#include "claude_line.h"

#include <cmath>
#include <filesystem>

#include "base/utf8.h"
#include "json_fields.h"
#include "reader_state.h"

namespace agents {
namespace {

constexpr double kMostUsd = 1e9;  // of a session; more is no cost

}  // namespace

ClaudeSessions::ClaudeSessions(const std::string& path)
    : file_stem_(base::to_utf8(std::filesystem::path(path).stem().string())),
      is_subagent_file_(file_stem_.starts_with("agent-")) {
  const auto folder = std::filesystem::path(path).parent_path();
  if (is_subagent_file_ && folder.filename() == "subagents")
    parent_ = base::to_utf8(folder.parent_path().filename().string());
}

void ClaudeSessions::name(const Value& line, Record& record) {
  record.session_id = text_at(line, "sessionId");
  const auto sidechain = line.find("isSidechain");
  if (is_subagent_file_ && sidechain && is_truthy(*sidechain) && !record.session_id.empty())
    parent_ = to_name(record.session_id);
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
}

Usage claude_usage_of(const Value& json) {
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

std::optional<double> claude_cost_of(const Value& line) {
  const auto cost = line.find("costUSD");
  if (!cost || !cost->is(Kind::number)) return std::nullopt;
  const double usd = cost->to_double();
  return std::abs(usd) < kMostUsd ? std::optional(usd) : std::nullopt;
}

}  // namespace agents
