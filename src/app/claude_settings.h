#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// The hooks in Claude Code's settings.json: a text in, a text out. Pure.
///
/// Everything that is not ours keeps its place and its value; the text is indented anew. Ours is an
/// entry whose command is `sightline hook`, or a hook script of this project or of AgentMonitor:
/// two of them would count everything twice.
namespace app {

/// One command that Claude Code runs at one of its hooks.
struct HookEntry {
  std::string hook;  // `PostToolUse`
  bool has_matcher = true;
  std::string matcher;  // which tools; empty: all
  std::string command;  // for a shell
  bool is_async = true;
  std::string status_message;  // shown while it runs; may be empty
};

/// `settings` with `entries` as the only ones of ours, each behind the foreign ones of its hook; an
/// empty text counts as `{}`. Without `entries` ours are gone, and what has become empty with them.
/// `invalid_argument` when it is no JSON object, or its hooks are not as Claude Code writes them.
base::Result<std::string> with_hooks(std::string_view settings,
                                     const std::vector<HookEntry>& entries);

/// `settings` as with_hooks writes it when there is nothing to change.
base::Result<std::string> formatted(std::string_view settings);

/// `text` as one word of a shell's command line; as it is when it needs no quotes.
std::string shell_quoted(std::string_view text);

}  // namespace app
