#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agents/record.h"

namespace agents {

/// Where the agents of this machine keep their logs.
struct Places {
  std::vector<std::string> claude_projects;  // folders with one folder a project
  std::string codex_home;                    // has `sessions` and `config.toml`

  /// `AGENTMONITOR_CLAUDE_DIR`, else `CLAUDE_CONFIG_DIR` (several with commas between), else
  /// `~/.claude`; `CODEX_HOME`, else `~/.codex`. Without a HOME there are no such defaults.
  static Places of(
      const std::function<std::optional<std::string>(const std::string&)>& environment);
};

struct FoundLog {
  Agent agent;
  std::string path;
};

/// The logs of `agent`, by path. Claude Code: `<project>/*.jsonl` and those of sub-agents below
/// `<project>/<session>/`; Codex: `sessions/**/*.jsonl`. Links to folders are not followed; a
/// folder that is not there, or may not be read, holds none.
std::vector<FoundLog> find_logs(const Places& places, Agent agent);

/// The model that Codex' config.toml sets for all sessions: its first line `model = "..."`.
std::string codex_default_model(const std::string& codex_home);

}  // namespace agents
