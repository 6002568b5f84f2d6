#include "log_time.h"

#include "json_fields.h"

namespace agents {
namespace {

using base::Time;
using std::chrono::milliseconds;

constexpr Time kFirst{milliseconds(-62167219200000)};  // 0000-01-01
constexpr Time kEnd{milliseconds(253402300800000)};    // 10000-01-01

}  // namespace

std::optional<Time> time_of(std::string_view date) {
  const auto time = parse_time(date);
  return time && *time >= kFirst && *time < kEnd ? time : std::nullopt;
}

std::optional<Time> time_of(const Value& value) {
  if (value.is(Kind::number)) return to_time(value.to_double());
  return value.is(Kind::string) ? time_of(value.text()) : std::nullopt;
}

}  // namespace agents
