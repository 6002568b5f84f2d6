#pragma once

#include <span>

namespace app {

/// `sightline hook`: what the hooks of coding agents call. Tells the server what happened, or
/// leaves it in the spool. It uses neither the command line's parser nor the configuration: an
/// agent waits for it.
///
/// Returns 0 whatever happens, and 2 when the agent must not do what it is about to do.
/// docs/hooks.md
int run_hook(std::span<char* const> arguments);

}  // namespace app
