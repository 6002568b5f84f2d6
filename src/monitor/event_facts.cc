#include "event_facts.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/saturating.h"

namespace monitor {
namespace {

using base::json::Kind;
using base::json::Value;

// Those of Claude Code and of Codex.
constexpr std::array<std::string_view, 5> kEditTools = {"Edit", "Write", "MultiEdit", "apply_patch",
                                                        "write_stdin"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The number that stands in `digits`; -1 when anything else does.
int number_in(std::string_view digits) {
  int number = 0;
  for (const char digit : digits) {
    if (!is_digit(digit)) return -1;
    number = number * 10 + (digit - '0');
  }
  return number;
}

/// CAST(text AS INTEGER): white space, sign, digits, the rest ignored; 0 without any digit.
std::int64_t cast_to_integer(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\n\v\f\r");
  if (begin == text.npos) return 0;
  text.remove_prefix(begin);
  const bool is_negative = text.front() == '-';
  if (is_negative || text.front() == '+') text.remove_prefix(1);
  using Limits = std::numeric_limits<std::int64_t>;
  std::int64_t number = 0;
  for (const char digit : text) {
    if (!is_digit(digit)) break;
    const int value = digit - '0';
    if (__builtin_mul_overflow(number, 10, &number) ||
        __builtin_sub_overflow(number, value, &number))
      return is_negative ? Limits::min() : Limits::max();
  }
  if (is_negative) return number;  // it was made below zero, where there is one more
  return number == Limits::min() ? Limits::max() : -number;
}

/// CAST(real AS INTEGER): toward zero, and the nearest that there is.
std::int64_t cast_to_integer(double real) {
  constexpr double kLimit = 9223372036854775807.0;
  if (real >= kLimit) return std::numeric_limits<std::int64_t>::max();
  if (real <= -kLimit) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(real);
}

std::int64_t cast_to_integer(const Value& value) {
  switch (value.kind()) {
    case Kind::boolean:
      return value.truth() ? 1 : 0;
    case Kind::number:
      if (const auto integer = value.to_int()) return *integer;
      return cast_to_integer(value.to_double());
    case Kind::string:
      return cast_to_integer(value.text());
    case Kind::null:
    case Kind::array:
    case Kind::object:
      return 0;
  }
  return 0;
}

SqlValue to_sql_value(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      return {};
    case Kind::boolean:
      return std::int64_t{value.truth()};
    case Kind::number:
      if (const auto integer = value.to_int()) return *integer;
      return value.to_double();
    case Kind::string:  // SQLite's ends before a \u0000
      return std::string(value.text().substr(0, value.text().find('\0')));
    case Kind::array:
    case Kind::object:
      break;
  }
  std::string json;
  append_value(json, value);
  return json;
}

}  // namespace

std::optional<std::int64_t> parse_plain_time(std::string_view text) {
  const bool has_fraction = text.size() == 24;
  if (text.size() != 20 && !has_fraction) return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
      text.back() != 'Z')
    return std::nullopt;
  if (has_fraction && (text[19] != '.' || number_in(text.substr(20, 3)) < 0)) return std::nullopt;
  const int year = number_in(text.substr(0, 4)), month = number_in(text.substr(5, 2)),
            day = number_in(text.substr(8, 2)), hour = number_in(text.substr(11, 2)),
            minute = number_in(text.substr(14, 2)), second = number_in(text.substr(17, 2));
  if (year < 0 || month < 1 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
      second < 0 || second > 59)
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

EventFacts facts_of(const Event& event) {
  EventFacts facts;
  if (!event.client_timestamp.empty()) {
    facts.client_at = parse_plain_time(event.client_timestamp);
    facts.asks_sqlite = !facts.client_at;
  }
  const bool edits =
      std::find(kEditTools.begin(), kEditTools.end(), event.tool_name) != kEditTools.end();
  const bool has_path = edits && event.metadata.find("file_path") != std::string::npos;
  if (!has_path && event.metadata.find("lines_") == std::string::npos) return facts;

  static thread_local base::json::Document document;
  const auto metadata = document.parse(event.metadata);
  if (!metadata || !metadata->is(Kind::object)) return facts;
  if (const auto added = metadata->find("lines_added")) facts.lines_added = cast_to_integer(*added);
  if (const auto removed = metadata->find("lines_removed"))
    facts.lines_removed = cast_to_integer(*removed);
  if (const auto path = metadata->find("file_path"); path && has_path)
    facts.file_path = to_sql_value(*path);
  return facts;
}

}  // namespace monitor
