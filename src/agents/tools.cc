#include "agents/tools.h"

#include <algorithm>
#include <iterator>

namespace agents {
namespace {

struct Tool {
  Agent agent;
  std::string_view name;
  Record::Kind kind;
};

using Kind = Record::Kind;
constexpr Tool kTools[] = {
    {Agent::claude_code, "Read", Kind::file_read},
    {Agent::claude_code, "NotebookRead", Kind::file_read},
    {Agent::claude_code, "Write", Kind::file_write},
    {Agent::claude_code, "Edit", Kind::file_modify},
    {Agent::claude_code, "MultiEdit", Kind::file_modify},
    {Agent::claude_code, "NotebookEdit", Kind::file_modify},
    {Agent::claude_code, "Bash", Kind::command},
    {Agent::codex, "apply_patch", Kind::file_modify},
    {Agent::codex, "exec_command", Kind::command},
    {Agent::codex, "shell", Kind::command},
    {Agent::codex, "local_shell", Kind::command},
    {Agent::copilot, "view", Kind::file_read},
    {Agent::copilot, "read_file", Kind::file_read},
    {Agent::copilot, "create", Kind::file_write},
    {Agent::copilot, "edit", Kind::file_modify},
    {Agent::copilot, "str_replace_editor", Kind::file_modify},
    {Agent::copilot, "bash", Kind::command},
    {Agent::copilot, "powershell", Kind::command},
    {Agent::cursor, "read_file", Kind::file_read},
    {Agent::cursor, "read_file_v2", Kind::file_read},
    {Agent::cursor, "Read", Kind::file_read},
    {Agent::cursor, "write", Kind::file_write},
    {Agent::cursor, "Write", Kind::file_write},
    {Agent::cursor, "edit_file", Kind::file_modify},
    {Agent::cursor, "edit_file_v2", Kind::file_modify},
    {Agent::cursor, "search_replace", Kind::file_modify},
    {Agent::cursor, "StrReplace", Kind::file_modify},
    {Agent::cursor, "run_terminal_cmd", Kind::command},
    {Agent::cursor, "run_terminal_command_v2", Kind::command},
    {Agent::cursor, "Shell", Kind::command},
    {Agent::gemini, "read_file", Kind::file_read},
    {Agent::gemini, "write_file", Kind::file_write},
    {Agent::gemini, "replace", Kind::file_modify},
    {Agent::gemini, "edit_file", Kind::file_modify},
    {Agent::gemini, "run_shell_command", Kind::command},
    {Agent::opencode, "read", Kind::file_read},
    {Agent::opencode, "write", Kind::file_write},
    {Agent::opencode, "edit", Kind::file_modify},
    {Agent::opencode, "patch", Kind::file_modify},
    {Agent::opencode, "bash", Kind::command},
};

}  // namespace

Record::Kind kind_of_tool(Agent agent, std::string_view tool_name) {
  const auto tool = std::find_if(std::begin(kTools), std::end(kTools), [&](const Tool& row) {
    return row.agent == agent && row.name == tool_name;
  });
  return tool == std::end(kTools) ? Kind::tool_call : tool->kind;
}

}  // namespace agents
