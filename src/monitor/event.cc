#include "monitor/event.h"

#include <array>
#include <cstddef>

namespace monitor {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 12> kTypes = {
    "tool_use", "session_start", "session_end", "error",     "llm_request", "llm_response",
    "response", "file_change",   "git_commit",  "plan_step", "user_prompt", "instruction_load"};
constexpr std::array<std::string_view, 3> kStatuses = {"success", "error", "timeout"};
static_assert(kTypes.size() == static_cast<std::size_t>(EventType::instruction_load) + 1);
static_assert(kStatuses.size() == static_cast<std::size_t>(EventStatus::timeout) + 1);

template <class Enum, std::size_t size>
std::optional<Enum> find(const std::array<std::string_view, size>& names, std::string_view text) {
  for (std::size_t i = 0; i < size; ++i)
    if (names[i] == text) return static_cast<Enum>(i);
  return std::nullopt;
}

}  // namespace

std::string_view name(EventType type) { return kTypes[static_cast<std::size_t>(type)]; }

std::string_view name(EventStatus status) { return kStatuses[static_cast<std::size_t>(status)]; }

std::optional<EventType> parse_event_type(std::string_view text) {
  return find<EventType>(kTypes, text);
}

std::optional<EventStatus> parse_event_status(std::string_view text) {
  return find<EventStatus>(kStatuses, text);
}

}  // namespace monitor
