#pragma once

#include <string_view>

#include "base/json_reader.h"
#include "monitor/contract.h"

namespace monitor {

/// Makes an event of one that a collector sends: docs/api.md, "Collectors". Pure.
///
/// Strict about what tells an event from others and where it belongs (`id`, `eventType`, `agentId`,
/// `sessionId`), tolerant about the rest: what is missing or of another type is not given.
ParsedEvent parse_collected_event(const base::json::Value& json, const ContractLimits& limits);

/// What this program calls the agent that collectors call `agent_id`.
std::string_view agent_type_of(std::string_view agent_id);

}  // namespace monitor
