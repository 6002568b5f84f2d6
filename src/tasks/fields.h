#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json_reader.h"
#include "tasks/model.h"
#include "tasks/requests.h"

namespace tasks {

/// Reads the members of an object; notes what is wrong with them and goes on. Null is absent.
class Fields {
 public:
  Fields(const base::json::Value& object, Issues& issues, std::vector<std::string> path = {})
      : object_(object), issues_(issues), path_(std::move(path)) {}

  std::optional<base::json::Value> find(std::string_view name) const;
  /// The same; an issue when it is absent.
  std::optional<base::json::Value> need(std::string_view name);

  std::optional<std::string> text(std::string_view name);
  std::optional<std::string> needed_text(std::string_view name);
  Json object(std::string_view name);
  Json array(std::string_view name);
  Json texts(std::string_view name);  // an array of strings
  std::optional<std::int64_t> positive(std::string_view name);
  /// An integer of at least 0.
  std::optional<std::int64_t> count(std::string_view name);

  template <class Enum>
  std::optional<Enum> choice(std::string_view name, std::optional<Enum> (*parse)(std::string_view),
                             std::string_view choices) {
    const auto value = find(name);
    if (!value) return std::nullopt;
    std::optional<Enum> chosen;
    if (value->is(base::json::Kind::string)) chosen = parse(value->text());
    if (!chosen) note(name, "invalid_value", fmt::format("{} must be one of {}", name, choices));
    return chosen;
  }

  void note(std::string_view name, std::string_view code, std::string message);

 private:
  void note_type(std::string_view name, std::string_view what);

  base::json::Value object_;
  Issues& issues_;
  std::vector<std::string> path_;
};

/// The value, compact.
Json compact(const base::json::Value& value);

inline constexpr std::string_view kStatusNames =
    "pending, assigned, running, paused, blocked, completed, failed, timeout, cancelled";
inline constexpr std::string_view kLevelNames = "debug, info, warn, error";
inline constexpr std::string_view kSeriesModeNames = "keep-all, accumulate, latest";

/// Past this JSON's numbers are not exact in every language.
inline constexpr std::int64_t kMostInteger = (std::int64_t{1} << 53) - 1;

}  // namespace tasks
