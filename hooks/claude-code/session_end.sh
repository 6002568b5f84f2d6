#!/usr/bin/env bash
# Stop: the agent has answered; the session may go on later.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh" 2>/dev/null || exit 0

read_input 2>/dev/null
send session_end
exit 0
