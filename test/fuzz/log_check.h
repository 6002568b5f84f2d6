#pragma once

#include <cmath>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agents/log_reader.h"
#include "base/assert.h"
#include "base/json_reader.h"
#include "monitor/import_mapping.h"

/// What holds for every log, whatever is in it.
namespace log_check {

constexpr std::size_t kMaxMetadata = 256;  // small, so that it is reached

struct Imported {
  std::vector<monitor::Event> events;
  agents::ReadCounts counts;
};

/// The events of a log whose bytes come in blocks of this size.
inline Imported import(agents::Agent agent, std::string_view bytes, std::size_t block) {
  Imported result;
  monitor::ImportMapping mapping(agent, {kMaxMetadata, {}, {}});
  const auto sink = [&](const agents::Record& record) {
    if (auto event = mapping.map(record)) result.events.push_back(std::move(*event));
  };
  const auto reader = make_reader(agent, "/logs/agent-1.jsonl", "gpt-5");
  agents::LineSplitter lines;
  agents::Line line;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(block, bytes.size()))) {
    lines.feed(bytes.substr(0, block));
    while (lines.next(line)) reader->read(line, sink);
  }
  if (lines.last(line)) reader->read(line, sink);
  reader->finish(sink);
  result.counts = reader->counts();
  return result;
}

inline void check_event(const monitor::Event& event) {
  static base::json::Document document;
  ASSERT(monitor::is_imported(event.source, event.event_id));
  ASSERT(!event.session_id.empty() && !event.agent_type.empty());
  ASSERT(event.metadata.size() <= kMaxMetadata);
  const auto metadata = document.parse(event.metadata);
  ASSERT(metadata.ok() && metadata->is(base::json::Kind::object));
  for (const std::int64_t count :
       {event.tokens_in, event.tokens_out, event.cache_read_tokens, event.cache_write_tokens,
        event.cache_write_1h_tokens, event.reasoning_tokens, event.duration_ms})
    ASSERT(count >= 0);
  ASSERT(event.cache_write_1h_tokens <= event.cache_write_tokens);
  ASSERT(!event.cost_usd || (std::isfinite(*event.cost_usd) && *event.cost_usd > 0));
  ASSERT(event.usage_key.empty() || event.usage_key.size() == 32);
}

/// Reads `bytes` as a log, in two ways that must agree, and checks what comes of it. A line makes
/// at most one event, the end of the file `at_end` more.
inline void check(agents::Agent agent, std::string_view bytes, std::size_t at_end) {
  const Imported whole = import(agent, bytes, bytes.size());
  const Imported parts = import(agent, bytes, 7);
  ASSERT(whole.events.size() == parts.events.size() && whole.counts.lines == parts.counts.lines);
  ASSERT(whole.counts.broken + whole.counts.too_long <= whole.counts.lines);
  ASSERT(whole.counts.cut <= whole.counts.lines);
  ASSERT(whole.events.size() <=
         whole.counts.lines - whole.counts.broken - whole.counts.too_long + at_end);
  for (std::size_t i = 0; i < whole.events.size(); ++i) {
    check_event(whole.events[i]);
    ASSERT(whole.events[i].event_id == parts.events[i].event_id);
    ASSERT(whole.events[i].metadata == parts.events[i].metadata);
  }
}

}  // namespace log_check
