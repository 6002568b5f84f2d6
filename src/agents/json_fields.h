#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/json_reader.h"
#include "base/json_truth.h"

/// Looking into records whose writers promise nothing.
namespace agents {

using base::json::is_truthy;
using base::json::Kind;
using base::json::Value;

/// The text at `key`; empty when there is none.
inline std::string_view text_at(const Value& object, std::string_view key) {
  const auto value = object.is(Kind::object) ? object.find(key) : std::nullopt;
  return value && value->is(Kind::string) ? value->text() : std::string_view();
}

inline std::optional<Value> object_at(const Value& object, std::string_view key) {
  const auto value = object.is(Kind::object) ? object.find(key) : std::nullopt;
  return value && value->is(Kind::object) ? value : std::nullopt;
}

/// Whole numbers up to here are exact in JavaScript, whose programs write the logs.
inline constexpr double kMostCount = 9007199254740991;

/// A count: whole, from 0 to kMostCount; 0 when it is none.
inline std::int64_t count_at(const Value& object, std::string_view key) {
  const auto value = object.is(Kind::object) ? object.find(key) : std::nullopt;
  if (!value || !value->is(Kind::number)) return 0;
  const double real = value->to_double();
  return real > 0 && real <= kMostCount ? static_cast<std::int64_t>(real) : 0;
}

}  // namespace agents
