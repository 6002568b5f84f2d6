#pragma once

#include <string>

#include "agents/log_reader.h"

namespace agents {

/// Claude Code's JSONL: every line is a record of its own. docs/formats.md, "Claude Code".
class ClaudeReader : public LogReader {
 public:
  explicit ClaudeReader(const std::string& path);

 protected:
  void read(const Line& line, const base::json::Value& json, const Sink& sink) override;

 private:
  std::string file_stem_;
  bool is_subagent_file_;
  std::string parent_;      // of a sub-agent's session, once it is known
  std::string session_id_;  // scratch
};

}  // namespace agents
