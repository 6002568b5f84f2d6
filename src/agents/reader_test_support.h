#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agents/log_reader.h"

namespace agents {

/// A record that outlives its reader.
struct KeptRecord {
  Record::Kind kind;
  std::uint64_t offset, index, ordinal;
  bool is_cut, is_error;
  std::string type, session_id, parent_session_id, message_id, request_id, timestamp,
      working_directory, branch, model, originator, tool_name, text;
  std::int64_t duration_ms;
  std::optional<Usage> usage;
  std::optional<double> cost_usd;
  std::string content, input, output, error;  // as text; empty: not given
};

inline KeptRecord keep(const Record& r) {
  const auto text = [](const std::optional<base::json::Value>& value) {
    return value && value->is(base::json::Kind::string) ? std::string(value->text())
           : value                                      ? std::string("(json)")
                                                        : std::string();
  };
  const auto copy = [](std::string_view view) { return std::string(view); };
  return {r.kind,
          r.offset,
          r.index,
          r.ordinal,
          r.is_cut,
          r.is_error,
          copy(r.type),
          copy(r.session_id),
          copy(r.parent_session_id),
          copy(r.message_id),
          copy(r.request_id),
          copy(r.timestamp),
          copy(r.working_directory),
          copy(r.branch),
          copy(r.model),
          copy(r.originator),
          copy(r.tool_name),
          copy(r.text),
          r.duration_ms,
          r.usage,
          r.cost_usd,
          text(r.content),
          text(r.input),
          text(r.output),
          text(r.error)};
}

/// What a reader makes of a file of these lines.
struct ReadLog {
  std::vector<KeptRecord> records;
  ReadCounts counts;

  const KeptRecord& only() const { return records.at(records.size() == 1 ? 0 : 999); }
};

inline ReadLog read_log(Agent agent, std::string_view text,
                        const std::string& path = "/x/log.jsonl",
                        const std::string& default_model = "") {
  ReadLog log;
  const auto sink = [&log](const Record& record) { log.records.push_back(keep(record)); };
  const auto reader = make_reader(agent, path, default_model);
  LineSplitter lines;
  Line line;
  lines.feed(text);
  while (lines.next(line)) reader->read(line, sink);
  if (lines.last(line)) reader->read(line, sink);
  reader->finish(sink);
  log.counts = reader->counts();
  return log;
}

}  // namespace agents
