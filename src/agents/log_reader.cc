#include "agents/log_reader.h"

#include "base/utf8.h"
#include "claude_reader.h"
#include "codex_reader.h"

namespace agents {

void LogReader::read(const Line& line, const Sink& sink) {
  ++counts_.lines;
  if (line.is_too_long) {
    ++counts_.too_long;
    pass_over();
    return;
  }
  auto json = document_.parse(line.text);
  // The output of a tool is cut anywhere: a torn character is no reason to lose what else it says.
  if (!json)
    if (const std::string repaired = base::to_utf8(line.text); repaired != line.text)
      json = document_.parse(repaired);
  if (!json) {
    if (read_text(line, sink)) return;
    ++counts_.broken;
    pass_over();
    return;
  }
  counts_.cut += line.is_cut;
  read(line, *json, sink);
}

std::unique_ptr<LogReader> make_reader(Agent agent, const std::string& path,
                                       const std::string& default_model) {
  if (agent == Agent::codex) return std::make_unique<CodexReader>(path, default_model);
  return std::make_unique<ClaudeReader>(path);
}

}  // namespace agents
