#include <fmt/format.h>

#include <cmath>

#include "collector/settings.h"

namespace collector {
namespace {

using base::Errc;
using base::Error;
using base::Result;

struct Unit {
  std::string_view name;
  double nanoseconds;
};
constexpr Unit kUnits[] = {{"ns", 1},   {"us", 1e3}, {"\u00b5s", 1e3}, {"\u03bcs", 1e3},
                           {"ms", 1e6}, {"s", 1e9},  {"m", 60e9},      {"h", 3600e9}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes the digits that `rest` begins with, the first of which counts `weight`.
bool take_digits(std::string_view& rest, double& value, double weight, double ratio) {
  const std::size_t before = rest.size();
  for (; !rest.empty() && is_digit(rest.front()); rest.remove_prefix(1), weight *= ratio)
    value = ratio < 1 ? value + weight * (rest.front() - '0') : value * 10 + (rest.front() - '0');
  return rest.size() != before;
}

}  // namespace

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  const auto invalid = [&] {
    return Error{Errc::invalid_argument, fmt::format("time: invalid duration \"{}\"", text)};
  };
  std::string_view rest = text;
  const bool is_negative = rest.starts_with('-');
  if (is_negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return std::chrono::nanoseconds{0};
  if (rest.empty()) return invalid();
  double total = 0;
  while (!rest.empty()) {
    double value = 0;
    bool any = take_digits(rest, value, 1, 1);
    if (rest.starts_with('.')) {
      rest.remove_prefix(1);
      any |= take_digits(rest, value, 0.1, 0.1);
    }
    if (!any) return invalid();
    std::size_t size = 0;
    while (size < rest.size() && rest[size] != '.' && !is_digit(rest[size])) ++size;
    const std::string_view name = rest.substr(0, size);
    if (name.empty())
      return Error{Errc::invalid_argument,
                   fmt::format("time: missing unit in duration \"{}\"", text)};
    const Unit* unit = nullptr;
    for (const Unit& known : kUnits)
      if (known.name == name) unit = &known;
    if (!unit)
      return Error{Errc::invalid_argument,
                   fmt::format("time: unknown unit \"{}\" in duration \"{}\"", name, text)};
    rest.remove_prefix(size);
    total += value * unit->nanoseconds;
    if (total > 9.2e18) return invalid();
  }
  const auto whole = static_cast<std::int64_t>(std::llround(total));
  return std::chrono::nanoseconds{is_negative ? -whole : whole};
}

}  // namespace collector
