#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "agents/record.h"
#include "base/clock.h"
#include "base/json_reader.h"
#include "monitor/event.h"

namespace monitor {

/// Makes the events of an import out of the records of one file: docs/formats.md, "Imported
/// events". Pure. Thread: one.
class ImportMapping {
 public:
  struct Limits {
    std::size_t max_metadata_bytes = 10 * 1024;
    std::optional<base::Time> from, to;  // both included
  };

  ImportMapping(agents::Agent agent, const Limits& limits) : agent_(agent), limits_(limits) {}

  /// Nothing when the record makes no event, or is not of the time that is asked for.
  std::optional<Event> map(const agents::Record& record);

  /// What it remembers of the records so far, for one that goes on behind them.
  std::string save() const;
  void restore(std::string_view state);

 private:
  Event map_claude(const agents::Record& record);
  Event map_codex(const agents::Record& record);
  bool is_wanted(const agents::Record& record);
  void set_claude_cost(const agents::Record& record, Event& event);
  void store_metadata(std::string json, Event& event);

  agents::Agent agent_;
  Limits limits_;
  double cost_so_far_ = 0;         // Claude Code: the running total of the file
  bool session_is_wanted_ = true;  // Codex: the session's start decides about the whole file
  bool session_is_decided_ = false;
  base::json::Document document_;
};

}  // namespace monitor
