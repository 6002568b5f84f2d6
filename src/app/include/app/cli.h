#pragma once

namespace app {

/// The command line: that of AgentMonitor when the program is called `amon` or `agentmonitor`, that
/// of the devlog collector when it is called `devlog`, `devlog-collector` or `devlog-cli`, else
/// sightline's. Returns the exit code: 0 done, 1 failed, 2 wrong usage; AgentMonitor has more, and
/// devlog only the first two.
int run_command_line(int argc, char** argv);

}  // namespace app
