#!/usr/bin/env bash
# PostToolUse: a tool has been used.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh" 2>/dev/null || exit 0

read_input 2>/dev/null
about=(.tool_name=.tool_name tool_use_id=.tool_use_id command=.tool_input.command
  file_path=.tool_input.file_path pattern=.tool_input.pattern query=.tool_input.query
  url=.tool_input.url)
if has_jq; then
  case $(text .tool_name 2>/dev/null) in
    Write) about+=('lines_added:=lines(.tool_input.content)') ;;
    Edit | MultiEdit)
      about+=('lines_added:=lines(.tool_input | (.new_string?, .edits[]?.new_string?))'
        'lines_removed:=lines(.tool_input | (.old_string?, .edits[]?.old_string?))')
      ;;
  esac
fi
send tool_use "${about[@]}"
exit 0
