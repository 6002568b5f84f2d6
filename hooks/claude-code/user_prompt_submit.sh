#!/usr/bin/env bash
# UserPromptSubmit: the user has asked for something.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh" 2>/dev/null || exit 0

read_input 2>/dev/null
[ -n "$(text .prompt 2>/dev/null | head -c 1 | tr '\n' x)" ] || exit 0
send user_prompt message=.prompt
exit 0
