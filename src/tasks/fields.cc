#include "fields.h"

#include <algorithm>

#include "base/json_writer.h"

namespace tasks {

using base::json::Kind;
using base::json::Value;

Json compact(const Value& value) {
  Json json;
  base::json::append_value(json, value);
  return json;
}

std::optional<Value> Fields::find(std::string_view name) const {
  const auto value = object_.find(name);
  return value && !value->is(Kind::null) ? value : std::nullopt;
}

std::optional<Value> Fields::need(std::string_view name) {
  const auto value = find(name);
  if (!value) note(name, "required", fmt::format("{} is required", name));
  return value;
}

std::optional<std::string> Fields::text(std::string_view name) {
  const auto value = find(name);
  if (!value) return std::nullopt;
  if (value->is(Kind::string)) return std::string(value->text());
  note_type(name, "a string");
  return std::nullopt;
}

std::optional<std::string> Fields::needed_text(std::string_view name) {
  return need(name) ? text(name) : std::nullopt;
}

Json Fields::object(std::string_view name) {
  const auto value = find(name);
  if (!value) return {};
  if (value->is(Kind::object)) return compact(*value);
  note_type(name, "an object");
  return {};
}

Json Fields::array(std::string_view name) {
  const auto value = find(name);
  if (!value) return {};
  if (value->is(Kind::array)) return compact(*value);
  note_type(name, "an array");
  return {};
}

Json Fields::texts(std::string_view name) {
  const auto value = find(name);
  if (!value) return {};
  bool are_texts = value->is(Kind::array);
  if (are_texts)
    for (const Value& element : value->elements()) are_texts &= element.is(Kind::string);
  if (are_texts) return compact(*value);
  note_type(name, "an array of strings");
  return {};
}

std::optional<std::int64_t> Fields::positive(std::string_view name) {
  const auto value = find(name);
  if (!value) return std::nullopt;
  std::optional<std::int64_t> number;
  if (value->is(Kind::number)) number = value->to_int();
  if (number && *number > 0 && *number <= kMostInteger) return number;
  if (value->is(Kind::number) && name == "ttl") {
    note(name, "invalid_value",
         fmt::format("Invalid TTL: {}. TTL must be a positive number.", value->text()));
  } else if (number && *number < 0 && name == "cost") {
    note(name, "invalid_value",
         fmt::format("Invalid cost: {}. Cost must be non-negative.", value->text()));
  } else {
    note_type(name, "a positive integer");
  }
  return std::nullopt;
}

std::optional<std::int64_t> Fields::count(std::string_view name) {
  const auto value = find(name);
  if (!value) return std::nullopt;
  std::optional<std::int64_t> number;
  if (value->is(Kind::number)) number = value->to_int();
  if (number && *number >= 0 && *number <= kMostInteger) return number;
  note_type(name, "an integer of at least 0");
  return std::nullopt;
}

void Fields::note(std::string_view name, std::string_view code, std::string message) {
  std::vector<std::string> path = path_;
  path.emplace_back(name);
  issues_.push_back({std::move(path), std::string(code), std::move(message)});
}

void Fields::note_type(std::string_view name, std::string_view what) {
  note(name, "invalid_type", fmt::format("{} must be {}", name, what));
}

std::string to_json(const Issues& issues) {
  std::string text, out;
  for (const Issue& issue : issues) {
    if (!text.empty()) text += "; ";
    text += issue.message;
  }
  base::json::Writer json(out);
  json.begin_object().key("error").value(text).key("issues").begin_array();
  for (const Issue& issue : issues) {
    json.begin_object().key("path").begin_array();
    for (const std::string& step : issue.path) {
      const bool is_position =
          std::all_of(step.begin(), step.end(), [](char c) { return c >= '0' && c <= '9'; });
      is_position ? json.raw(step) : json.value(step);
    }
    json.end_array().key("code").value(issue.code).key("message").value(issue.message);
    json.end_object();
  }
  json.end_array().end_object();
  return out;
}

}  // namespace tasks
