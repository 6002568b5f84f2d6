#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

/// What a hook of a coding agent becomes: bytes of the host in, an event and a verdict out. Pure.
/// docs/hooks.md, "What is sent".
namespace app {

/// The hooks of Claude Code that mean something to us.
enum class HookKind : std::uint8_t {
  session_start,
  session_end,
  stop,           // the agent has answered; it may go on later
  subagent_stop,  // the session goes on
  pre_tool_use,   // the only one that may refuse
  post_tool_use,
  user_prompt_submit,
  notification,
  instructions_loaded,
};

/// `PostToolUse`, `post-tool-use` and `post_tool_use` are the same name.
std::optional<HookKind> parse_hook_kind(std::string_view name);

/// What an event needs beside the host's bytes.
struct HookSurroundings {
  base::Time now;
  std::function<std::string(const std::string& folder)> branch_of;  // empty: none
  std::function<std::string()> new_id;
  bool is_safety_on = true;
  bool are_instructions_told = false;  // the session tells what instructions it loads
};

struct HookOutcome {
  std::string event;    // the JSON of one event; empty: nothing to tell
  std::string refusal;  // for the agent; not empty: what it is about to do must not be done
};

/// Longer texts are cut, so that no event is too large for a server.
constexpr std::size_t kMaxHookText = 32 * 1024;

/// From the JSON that Claude Code gives to a hook. `kind` wins over the host's `hook_event_name`; a
/// hook that means nothing to us gives an empty outcome. `invalid_argument` when `input` is no
/// JSON object or tells no session.
base::Result<HookOutcome> parse_claude_hook(std::string_view input, std::optional<HookKind> kind,
                                            const HookSurroundings& surroundings);

/// From the JSON that Codex gives to its `notify` program.
base::Result<HookOutcome> parse_codex_notification(std::string_view input,
                                                   const HookSurroundings& surroundings);

/// Whether a shell would, most likely, delete everything: `rm`, options that each contain an `f`,
/// and then the root, the home directory or $HOME.
bool is_destructive(std::string_view command);

/// Whether secrets usually lie in files of that name.
bool is_sensitive(std::string_view file_path);

}  // namespace app
