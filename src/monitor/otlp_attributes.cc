#include "otlp_attributes.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

#include "base/json_writer.h"
#include "base/text.h"
#include "base/time_text.h"
#include "monitor/metadata.h"

namespace monitor::otlp {
namespace {

constexpr double kMaxCount = 9007199254740992.0;  // 2^53: beyond it a double skips integers

bool is_blank(std::string_view text) { return base::trim(text).empty(); }

/// As JavaScript's parseFloat reads it, but for infinity.
std::optional<double> leading_number(std::string_view text) {
  text = base::trim(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  const bool is_number =
      !digits.empty() && ((digits[0] >= '0' && digits[0] <= '9') || digits[0] == '.');
  double number = 0;
  if (!is_number) return std::nullopt;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc()) return std::nullopt;
  return number;
}

}  // namespace

const Value* find(const Attributes& attributes, std::string_view name) {
  for (const Attribute& attribute : attributes)
    if (attribute.key == name) return &attribute.value;
  return nullptr;
}

std::string to_text(const Value& value) {
  std::string text;
  if (const auto* string = std::get_if<std::string>(&value.is)) {
    text = *string;
  } else if (const auto* integer = std::get_if<std::int64_t>(&value.is)) {
    base::json::append_int(text, *integer);
  } else if (const auto* real = std::get_if<double>(&value.is); real && std::isfinite(*real)) {
    base::json::append_double(text, *real);
  }
  return text;
}

std::optional<double> to_number(const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value.is))
    return static_cast<double>(*integer);
  if (const auto* real = std::get_if<double>(&value.is)) return *real;
  if (const auto* text = std::get_if<std::string>(&value.is)) return leading_number(*text);
  return std::nullopt;
}

std::string text_of(const Attributes& attributes, Names names) {
  for (const std::string_view name : names)
    if (const Value* value = find(attributes, name))
      if (std::string text = to_text(*value); !is_blank(text)) return text;
  return {};
}

std::optional<double> number_of(const Attributes& attributes, Names names) {
  for (const std::string_view name : names)
    if (const Value* value = find(attributes, name))
      if (const auto number = to_number(*value)) return number;
  return std::nullopt;
}

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::int64_t to_count(std::optional<double> number) {
  if (!number || !(*number >= 0 && *number <= kMaxCount)) return 0;
  return static_cast<std::int64_t>(*number);
}

std::optional<double> to_cost(std::optional<double> number) {
  if (!number || !std::isfinite(*number) || *number < 0) return std::nullopt;
  return number;
}

std::string to_timestamp(std::uint64_t unix_nano) {
  if (unix_nano == 0) return {};
  const std::chrono::milliseconds since_1970(static_cast<std::int64_t>(unix_nano / 1'000'000));
  return base::to_iso_ms(base::Time(since_1970));
}

std::string agent_type_of(const Attributes& resource) {
  std::string service = text_of(resource, {"service.name"});
  const std::string both =
      base::to_lower(service + " " + text_of(resource, {"telemetry.sdk.name"}));
  if (both.find("codex") != both.npos) return "codex";
  if (both.find("claude") != both.npos) return "claude_code";
  return service.empty() ? "unknown" : service;
}

Sender::Sender(const Attributes& resource)
    : agent_type(agent_type_of(resource)),
      session_id(text_of(resource, {"session.id", "gen_ai.session.id", "conversation.id"})),
      conversation_id(text_of(resource, {"gen_ai.conversation.id"})),
      project(text_of(resource, {"project"})),
      branch(text_of(resource, {"branch"})),
      model(text_of(resource, {"model"})) {}

SessionId session_of(const Attributes& attributes, const Sender& sender) {
  SessionId session;
  session.by_contract = text_of(attributes, {"gen_ai.session.id", "conversation.id"});
  if (session.by_contract.empty()) session.by_contract = sender.session_id;
  session.by_convention = text_of(attributes, {"session.id", "gen_ai.conversation.id"});
  if (session.by_convention.empty()) session.by_convention = sender.conversation_id;
  return session;
}

void store_metadata(Event& event, const base::json::Value& metadata, const ContractLimits& limits) {
  StoredMetadata stored = to_stored_metadata(metadata, limits.max_metadata_bytes);
  event.metadata = std::move(stored.json);
  event.payload_truncated = stored.truncated;
}

void append_json(std::string& out, const Value& value) {
  if (const auto* truth = std::get_if<bool>(&value.is)) {
    out += *truth ? "true" : "false";
  } else if (const auto* integer = std::get_if<std::int64_t>(&value.is)) {
    base::json::append_int(out, *integer);
  } else if (const auto* real = std::get_if<double>(&value.is)) {
    base::json::append_double(out, *real);
  } else if (const auto* text = std::get_if<std::string>(&value.is)) {
    base::json::append_string(out, *text);
  } else if (const auto* list = std::get_if<List>(&value.is)) {
    out += '[';
    for (const Value& element : *list) {
      if (&element != &list->front()) out += ',';
      append_json(out, element);
    }
    out += ']';
  } else if (const auto* map = std::get_if<Attributes>(&value.is)) {
    out += '{';
    for (const Attribute& attribute : *map) {
      if (&attribute != &map->front()) out += ',';
      base::json::append_string(out, attribute.key);
      out += ':';
      append_json(out, attribute.value);
    }
    out += '}';
  } else {
    out += "null";
  }
}

}  // namespace monitor::otlp
