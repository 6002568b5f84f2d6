#include "tasks/model.h"

#include <array>

namespace tasks {
namespace {

using namespace std::string_view_literals;

constexpr std::array kStatuses = {"pending"sv, "assigned"sv, "running"sv,
                                  "paused"sv,  "blocked"sv,  "completed"sv,
                                  "failed"sv,  "timeout"sv,  "cancelled"sv};
constexpr std::array kLevels = {"debug"sv, "info"sv, "warn"sv, "error"sv};
constexpr std::array kSeriesModes = {"keep-all"sv, "accumulate"sv, "latest"sv};
constexpr std::array kAssignModes = {"external"sv, "pull"sv, "ws-offer"sv, "ws-race"sv};
constexpr std::array kPolicies = {"reassign"sv, "mark"sv, "fail"sv};

template <class Enum, std::size_t n>
std::optional<Enum> parse(const std::array<std::string_view, n>& names, std::string_view text) {
  for (std::size_t i = 0; i < n; ++i)
    if (names[i] == text) return static_cast<Enum>(i);
  return std::nullopt;
}

}  // namespace

std::string_view name(Status status) { return kStatuses[static_cast<std::size_t>(status)]; }
std::string_view name(Level level) { return kLevels[static_cast<std::size_t>(level)]; }
std::string_view name(SeriesMode mode) { return kSeriesModes[static_cast<std::size_t>(mode)]; }
std::string_view name(AssignMode mode) { return kAssignModes[static_cast<std::size_t>(mode)]; }
std::string_view name(DisconnectPolicy policy) {
  return kPolicies[static_cast<std::size_t>(policy)];
}

std::optional<Status> parse_status(std::string_view text) { return parse<Status>(kStatuses, text); }
std::optional<Level> parse_level(std::string_view text) { return parse<Level>(kLevels, text); }
std::optional<SeriesMode> parse_series_mode(std::string_view text) {
  return parse<SeriesMode>(kSeriesModes, text);
}
std::optional<AssignMode> parse_assign_mode(std::string_view text) {
  return parse<AssignMode>(kAssignModes, text);
}
std::optional<DisconnectPolicy> parse_disconnect_policy(std::string_view text) {
  return parse<DisconnectPolicy>(kPolicies, text);
}

}  // namespace tasks
