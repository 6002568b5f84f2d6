#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

#include "base/assert.h"
#include "base/json_reader.h"
#include "hook_event.h"
#include "monitor/contract.h"

// Whatever a host gives to a hook: what comes out is an event that the server takes, and an agent
// is refused nothing but a destructive command of Bash.

namespace {

using app::HookKind;
using base::json::Kind;

constexpr std::size_t kMaxBody = std::size_t{1} << 20;  // what the server reads

void check_event(const std::string& event) {
  if (event.empty()) return;
  ASSERT(event.size() <= kMaxBody);
  base::json::Document document;
  const auto body = monitor::recover_json(event, document);
  const auto parsed = monitor::parse_event(body, {kMaxBody});
  ASSERT(std::holds_alternative<monitor::Event>(parsed));
  ASSERT(!std::get<monitor::Event>(parsed).event_id.empty());
  ASSERT(std::get<monitor::Event>(parsed).source == "hook");
}

void check_refusal(std::string_view input, const app::HookOutcome& outcome) {
  if (outcome.refusal.empty()) return;
  base::json::Document document;
  const auto object = document.parse(input);
  ASSERT(object.ok());
  ASSERT(object->find("tool_name")->text() == "Bash");
  const auto command = object->find("tool_input")->find("command");
  ASSERT(app::is_destructive(command->text()));
  ASSERT(outcome.refusal.ends_with(command->text()));
}

app::HookSurroundings surroundings(bool safety) {
  app::HookSurroundings s;
  s.branch_of = [](const std::string& folder) { return folder.substr(0, 100); };
  s.new_id = [] { return std::string("01ARZ3NDEKTSV4RRFFQ69G5FAV"); };
  s.is_safety_on = safety;
  return s;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto with = surroundings(true), without = surroundings(false);
  for (int kind = -1; kind <= static_cast<int>(HookKind::instructions_loaded); ++kind) {
    const auto hook = kind < 0 ? std::nullopt : std::optional(static_cast<HookKind>(kind));
    const auto outcome = app::parse_claude_hook(input, hook, with);
    if (outcome) check_event(outcome->event);
    if (outcome) check_refusal(input, *outcome);
    const auto unsafe = app::parse_claude_hook(input, hook, without);
    ASSERT(!unsafe || unsafe->refusal.empty());
  }
  const auto notification = app::parse_codex_notification(input, with);
  if (notification) check_event(notification->event);
  ASSERT(!notification || notification->refusal.empty());
  return 0;
}
