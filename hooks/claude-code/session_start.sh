#!/usr/bin/env bash
# SessionStart: a session begins.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh" 2>/dev/null || exit 0

read_input 2>/dev/null
about=(.model=.model hook_source=.source)
[ "${AGENTMONITOR_INSTRUCTION_LOAD_INSTRUMENTED:-}" = 1 ] && about+=(instruction_load_instrumented:=true)
send session_start "${about[@]}"
exit 0
