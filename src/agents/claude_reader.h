#pragma once

#include <string>

#include "agents/log_reader.h"
#include "claude_line.h"

namespace agents {

/// Claude Code's JSONL: every line is a record of its own. docs/formats.md, "Claude Code".
class ClaudeReader : public LogReader {
 public:
  explicit ClaudeReader(const std::string& path) : sessions_(path) {}

  std::string save() const override;
  bool restore(std::string_view state) override;

 protected:
  void read(const Line& line, const base::json::Value& json, const Sink& sink) override;

 private:
  ClaudeSessions sessions_;
};

}  // namespace agents
