#!/usr/bin/env bash
# PreToolUse: refuses a command that would delete everything; reports access to secrets.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh" 2>/dev/null || exit 0

read_input 2>/dev/null
[ "${AGENTMONITOR_SAFETY:-1}" = 1 ] || exit 0

# is_destructive COMMAND: `rm`, options that each contain an `f`, and then /, ~ or $HOME.
is_destructive() {
  case $1 in *rm[[:space:]]*) ;; *) return 1 ;; esac
  printf '%s' "$1" | tr '\n' ' ' | grep -qE \
    'rm[[:space:]]+((-[a-zA-Z]*f[a-zA-Z]*|--force)[[:space:]]+)*(/|~|[$]HOME)([[:space:]]|$)'
}

tool=$(text .tool_name 2>/dev/null)
if [ "$tool" = Bash ]; then
  command=$(text .tool_input.command 2>/dev/null && printf x) # x: newlines at the end are kept
  command=${command%x}
  if is_destructive "$command" 2>/dev/null; then
    send error .status:='"error"' .tool_name=.tool_name blocked:=true \
      reason:='"destructive_command"' command=.tool_input.command
    printf 'AgentMonitor: Blocked destructive command: %s\n' "$command" >&2
    exit 2
  fi
fi
case $(text .tool_input.file_path 2>/dev/null) in
  *.env | *.pem | *.key | *.credentials | *.secret)
    send tool_use .tool_name=.tool_name security_warning:=true \
      reason:='"sensitive_file_access"' file_path=.tool_input.file_path
    ;;
esac
exit 0
