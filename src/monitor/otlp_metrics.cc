#include <algorithm>

#include "base/json_reader.h"
#include "monitor/metadata.h"
#include "otlp_attributes.h"

// The metrics of what a model used, in tokens or dollars: an event for each point that adds
// something. An exporter that sends both is counted twice in sums of cost.

namespace monitor::otlp {
namespace {

constexpr std::string_view kTokenMetrics[] = {"claude_code.token.usage", "codex_cli_rs.token.usage",
                                              "gen_ai.client.token.usage"};
constexpr std::string_view kCostMetrics[] = {"claude_code.cost.usage", "codex_cli_rs.cost.usage",
                                             "gen_ai.client.cost.usage"};
constexpr std::string_view kMetadata = R"({"_synthetic":true,"_source":"otel_metric"})";
constexpr std::string_view kUnknownSession = "unknown";

std::int64_t& tokens_of(Event& event, std::string_view type) {
  if (type == "output") return event.tokens_out;
  if (type == "cacheRead" || type == "cache_read") return event.cache_read_tokens;
  if (type == "cacheCreation" || type == "cache_creation" || type == "cache_write")
    return event.cache_write_tokens;
  return event.tokens_in;
}

/// The attributes of a point, whatever their order.
std::string other_attributes(const Attributes& attributes) {
  std::vector<std::string> texts;
  for (const Attribute& attribute : attributes)
    texts.push_back(attribute.key + '=' + text_of(attributes, {attribute.key}));
  std::sort(texts.begin(), texts.end());
  std::string all;
  for (const std::string& text : texts) all.append(text).push_back('\0');
  return all;
}

class MetricMapping {
 public:
  MetricMapping(const ContractLimits& limits, CounterStates& counters, LoggedSessions* logged)
      : counters_(counters),
        logged_(logged),
        metadata_(to_stored_metadata(base::json::Document().parse(kMetadata).value(),
                                     limits.max_metadata_bytes)) {}

  void map(const Metric& metric, const Attributes& resource, const Sender& sender) {
    is_cost_ = is_one_of(kCostMetrics, metric.name);
    if (!is_cost_ && !is_one_of(kTokenMetrics, metric.name)) return;
    session_id_ = text_of(resource, {"gen_ai.session.id", "session.id", "conversation.id"});
    for (const DataPoint& point : metric.points) map(point, metric, sender);
  }

  MetricEvents take() { return std::move(result_); }

 private:
  void map(const DataPoint& point, const Metric& metric, const Sender& sender) {
    Event event;
    event.session_id = session_id_;
    bool is_by_convention = false;
    if (event.session_id.empty()) {
      SessionId session = session_of(point.attributes, sender);
      event.session_id = session.by_contract.empty() ? session.by_convention : session.by_contract;
      is_by_convention = !event.session_id.empty();
    }
    if (event.session_id.empty()) event.session_id = kUnknownSession;
    event.agent_type = sender.agent_type;
    event.event_type = EventType::llm_response;
    event.source = "otel";
    event.repeats_log = is_by_convention;
    event.model = text_of(point.attributes, {"model", "gen_ai.request.model"});
    if (event.model.empty()) event.model = sender.model;
    const std::string type = text_of(point.attributes, {"type", "token.type", "gen_ai.token.type"});

    double added = point.value;
    if (metric.is_cumulative) {
      // What else the points of a metric differ in tells counters apart, too.
      const std::string others = other_attributes(point.attributes);
      const std::string_view names[] = {
          event.session_id, event.agent_type, metric.name, event.model, type, others};
      const auto key = CounterStates::key(names);
      added = counters_.take(key, point.value);
      if (added > 0) result_.taken.push_back({key, added});
    }
    // The counter has moved all the same.
    if (is_by_convention && logged_ && logged_->contains(event.session_id)) return;
    if (!(added > 0) || !set_usage(event, added, type)) return;
    event.metadata = metadata_.json;
    event.payload_truncated = metadata_.truncated;
    result_.events.push_back(std::move(event));
  }

  /// False when it is nothing that can be stored.
  bool set_usage(Event& event, double added, std::string_view type) const {
    if (is_cost_) {
      event.cost_usd = to_cost(added);
      return event.cost_usd.has_value();
    }
    tokens_of(event, type) = to_count(added);
    return to_count(added) > 0;
  }

  CounterStates& counters_;
  LoggedSessions* logged_;
  const StoredMetadata metadata_;
  MetricEvents result_;
  std::string session_id_;
  bool is_cost_ = false;
};

}  // namespace

MetricEvents to_events(const Metrics& metrics, const ContractLimits& limits,
                       CounterStates& counters, LoggedSessions* logged) {
  MetricMapping mapping(limits, counters, logged);
  for (const Group<Metric>& group : metrics.groups) {
    const Sender sender(group.resource);
    for (const Metric& metric : group.records) mapping.map(metric, group.resource, sender);
  }
  return mapping.take();
}

}  // namespace monitor::otlp
