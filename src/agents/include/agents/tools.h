#pragma once

#include <string_view>

#include "agents/record.h"

namespace agents {

/// What a call of `agent`'s tool is: file_read, file_write, file_modify, command, or tool_call
/// when it is none of them.
Record::Kind kind_of_tool(Agent agent, std::string_view tool_name);

}  // namespace agents
