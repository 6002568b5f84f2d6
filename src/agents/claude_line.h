#pragma once

#include <string>

#include "agents/record.h"
#include "base/json_reader.h"

/// What both tellings of a Claude Code log need.
namespace agents {

/// Names the sessions of the lines of one file. The lines of a sub-agent carry its parent's session
/// id and numbers of their own: under that id they would be taken for the parent's lines.
class ClaudeSessions {
 public:
  explicit ClaudeSessions(const std::string& path);

  /// Sets session_id and, of a sub-agent, parent_session_id; valid until the next call.
  void name(const base::json::Value& line, Record& record);
  bool is_subagent_file() const { return is_subagent_file_; }

  const std::string& parent() const { return parent_; }
  void set_parent(std::string_view parent) { parent_ = parent; }

 private:
  std::string file_stem_;
  bool is_subagent_file_;
  std::string parent_;      // of a sub-agent's session, once it is known
  std::string session_id_;  // scratch
};

/// Of the member `usage`.
Usage claude_usage_of(const base::json::Value& usage);

/// US dollars of the member `costUSD`, if it says some.
std::optional<double> claude_cost_of(const base::json::Value& line);

}  // namespace agents
