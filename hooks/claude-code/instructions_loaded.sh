#!/usr/bin/env bash
# InstructionsLoaded: the agent has read a file of instructions.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh" 2>/dev/null || exit 0

read_input 2>/dev/null
send instruction_load file_path=.file_path memory_type=.memory_type load_reason=.load_reason \
  globs=.globs trigger_file_path=.trigger_file_path parent_file_path=.parent_file_path
exit 0
