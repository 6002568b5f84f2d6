#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/json_reader.h"
#include "base/result.h"

namespace collector {

/// One thing an agent did, as collectors send it: docs/formats.md, "Collected events". An empty
/// text, and a 0 where 0 says nothing, mean: not given.
struct AgentEvent {
  std::string id;  // a UUID, the same whenever the same thing is read
  base::Time timestamp{};
  std::string event_type;     // `llm_request`, ...; others are passed on as they are
  std::string agent_id;       // `claude`, `github-copilot`, ...
  std::string agent_version;  // of the agent's program
  std::string session_id;     // a UUID
  std::int64_t project_id = 0, machine_id = 0, workspace_id = 0;  // the backend's
  std::string legacy_project_id;                                  // the configuration's projectId
  std::string context;  // members of a JSON object, without its braces
  std::string data;     // the same; written even when it is empty

  struct Metrics {
    std::int64_t token_count = 0, duration_ms = 0, prompt_tokens = 0, response_tokens = 0;
    double cost = 0;
  };
  bool has_metrics = false;
  Metrics metrics;
};

/// Compact, the fields in the order above; the time as RFC 3339 in UTC with milliseconds, moved
/// into the years 0 to 9999.
std::string to_json(const AgentEvent& event);

/// Reads one from JSON: the fields of the contract, each of its type. `invalid_argument` names the
/// field that is missing or wrong.
base::Result<AgentEvent> parse_event(const base::json::Value& json);

}  // namespace collector
