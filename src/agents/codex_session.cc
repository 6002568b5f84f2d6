#include "codex_session.h"

#include <fmt/format.h>

#include <cctype>
#include <filesystem>

#include "base/utf8.h"
#include "json_fields.h"

namespace agents {
namespace {

constexpr std::string_view kPatchTool = "apply_patch";

bool is_uuid(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !std::isxdigit(static_cast<unsigned char>(text[i]))) return false;
  }
  return text.size() == 36;
}

}  // namespace

Usage codex_usage_of(const Value& json) {
  Usage usage;
  usage.input = count_at(json, "input_tokens");
  usage.output = count_at(json, "output_tokens");
  usage.cache_read = count_at(json, "cached_input_tokens");
  usage.reasoning = count_at(json, "reasoning_output_tokens");
  usage.input_includes_cache = true;
  return usage;
}

std::string codex_session_of(const std::string& path) {
  const std::string stem = base::to_utf8(std::filesystem::path(path).stem().string());
  for (std::size_t at = 0; at + 36 <= stem.size(); ++at)
    if (is_uuid(std::string_view(stem).substr(at, 36))) return stem.substr(at, 36);
  return stem;
}

CodexSession::CodexSession(const std::string& path, std::string default_model)
    : id_(codex_session_of(path)), default_model_(std::move(default_model)) {}

bool CodexSession::read_meta(const Value& payload) {
  if (has_meta_) return false;
  has_meta_ = true;
  if (const auto id = text_at(payload, "id"); !id.empty()) id_ = to_name(id);
  working_directory_ = to_name(text_at(payload, "cwd"));
  return true;
}

void CodexSession::read_turn(const Value& payload) {
  set_turn_id(text_at(payload, "turn_id"));
  if (const auto model = text_at(payload, "model"); !model.empty()) turn_model_ = to_name(model);
  if (working_directory_.empty()) working_directory_ = to_name(text_at(payload, "cwd"));
}

std::optional<Usage> CodexSession::step(const Value& payload) {
  const auto info = object_at(payload, "info");
  const auto total = info ? object_at(*info, "total_token_usage") : std::nullopt;
  if (!total) return std::nullopt;
  const Usage now = codex_usage_of(*total);
  const Usage usage = difference(now, totals_);
  totals_ = now;
  return usage.input > 0 || usage.output > 0 ? std::optional(usage) : std::nullopt;
}

std::string CodexSession::step_id() const {
  if (turn_id_.empty()) return {};
  return fmt::format("{}:{}:{}:{}", turn_id_, totals_.input, totals_.output, totals_.cache_read);
}

void CodexSession::save(StateWriter& state) const {
  state.text(id_).number(has_meta_).text(working_directory_).text(turn_model_).text(turn_id_);
  save_usage(state, totals_);
}

void CodexSession::load(StateReader& state) {
  id_ = state.text();
  has_meta_ = state.number() != 0;
  working_directory_ = state.text();
  turn_model_ = state.text();
  turn_id_ = state.text();
  totals_ = load_usage(state);
}

std::string_view codex_patch_in(std::string_view text, base::json::Document& document) {
  const auto parsed = document.parse(text);
  if (parsed) {
    const std::string_view command = text_at(*parsed, "cmd");
    return command.starts_with(kPatchTool) ? command : std::string_view();
  }
  const bool is_patch = text.starts_with(kPatchTool) || text.find("*** Begin Patch") != text.npos;
  return is_patch ? text : std::string_view();
}

}  // namespace agents
