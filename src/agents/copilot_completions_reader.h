#pragma once

#include <string>

#include "agents/log_reader.h"

namespace agents {

/// The older JSONL log of Copilot's completions. docs/formats.md, "GitHub Copilot completions".
class CopilotCompletionsReader : public LogReader {
 public:
  explicit CopilotCompletionsReader(const std::string& path);

  std::string save() const override;
  bool restore(std::string_view state) override;

 protected:
  void read(const Line& line, const base::json::Value& json, const Sink& sink) override;

 private:
  std::string session_id_;  // the file's name: its lines name none
  std::uint64_t lines_ = 0;
};

}  // namespace agents
