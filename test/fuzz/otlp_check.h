#pragma once

#include <string>
#include <vector>

#include "base/assert.h"
#include "base/json_reader.h"
#include "base/json_writer.h"
#include "monitor/otlp.h"

/// What holds for every export that is accepted: its events may be stored as they are.
namespace otlp_check {

inline void check(const std::vector<monitor::Event>& events,
                  const monitor::ContractLimits& limits) {
  base::json::Document document;
  for (const monitor::Event& event : events) {
    std::string texts;
    for (const std::string* text : {&event.event_id, &event.session_id, &event.agent_type,
                                    &event.tool_name, &event.branch, &event.project, &event.model})
      texts += *text;
    std::string json;
    base::json::append_string(json, texts);
    ASSERT(document.parse(json).ok());  // all of them are UTF-8
    ASSERT(!event.session_id.empty() && !event.agent_type.empty() && event.source == "otel");
    ASSERT(event.tokens_in >= 0 && event.tokens_out >= 0 && event.duration_ms >= 0);
    ASSERT(event.cache_read_tokens >= 0 && event.cache_write_tokens >= 0);
    ASSERT(event.reasoning_tokens >= 0);
    ASSERT(!event.cost_usd || *event.cost_usd >= 0);
    ASSERT(event.client_timestamp.empty() || event.client_timestamp.size() == 24);
    ASSERT(event.metadata.size() <= limits.max_metadata_bytes);
    ASSERT(document.parse(event.metadata).ok());
  }
}

template <class Parsed>
void check_counts(const Parsed& parsed) {
  ASSERT(parsed.broken <= parsed.received);
  std::size_t records = 0;
  for (const auto& group : parsed.groups) records += group.records.size();
  ASSERT(records <= parsed.received - parsed.broken);
}

/// `body`, JSON or bytes, read as each of the signals.
template <class Body>
void check_all(const Body& body) {
  using namespace monitor::otlp;
  const monitor::ContractLimits limits{256};
  if (const auto logs = parse_logs(body)) {
    check_counts(*logs);
    check(to_events(*logs, limits), limits);
  }
  if (const auto traces = parse_traces(body)) {
    check_counts(*traces);
    check(to_events(*traces, limits), limits);
  }
  if (const auto metrics = parse_metrics(body)) {
    check_counts(*metrics);
    monitor::CounterStates counters;
    const auto first = to_events(*metrics, limits, counters);
    check(first.events, limits);
    counters.give_back(first.taken);
    check(to_events(*metrics, limits, counters).events, limits);
  }
}

}  // namespace otlp_check
