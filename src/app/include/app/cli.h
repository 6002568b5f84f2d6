#pragma once

namespace app {

/// The command line: that of AgentMonitor when the program is called `amon` or `agentmonitor`, else
/// sightline's. Returns the exit code: 0 done, 1 failed, 2 wrong usage; AgentMonitor has more.
int run_command_line(int argc, char** argv);

}  // namespace app
