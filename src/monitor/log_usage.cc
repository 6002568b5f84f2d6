#include "monitor/log_usage.h"

#include <map>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "agents/log_file.h"
#include "base/saturating.h"
#include "base/time_text.h"
#include "message_count.h"
#include "monitor/import_mapping.h"
#include "usage_totals.h"

namespace monitor {

/// What one event used, without the rest of it.
struct LogUsage::Use {
  std::string id, key;  // of the event; of its message
  std::size_t model;    // index into File::models
  std::optional<base::Time> at;
  MessageCount tokens;  // its cost is in `cost_usd`
  std::optional<double> cost_usd;
};

struct LogUsage::File {
  agents::FoundLog log;
  std::vector<std::string> models;
  std::vector<Use> uses;
  std::string problem;

  std::size_t index_of(const std::string& model) {
    for (std::size_t i = 0; i < models.size(); ++i)
      if (models[i] == model) return i;
    models.push_back(model);
    return models.size() - 1;
  }
};

namespace {

std::string_view agent_type(agents::Agent agent) {
  return agent == agents::Agent::codex ? "codex" : "claude_code";
}

void add(UsageLine& line, const Event& event) {
  ++line.events;
  line.tokens_in = base::saturating_add(line.tokens_in, event.tokens_in);
  line.tokens_out = base::saturating_add(line.tokens_out, event.tokens_out);
  line.cache_read_tokens = base::saturating_add(line.cache_read_tokens, event.cache_read_tokens);
  line.cache_write_tokens = base::saturating_add(line.cache_write_tokens, event.cache_write_tokens);
  line.cache_write_1h_tokens =
      base::saturating_add(line.cache_write_1h_tokens, event.cache_write_1h_tokens);
  line.reasoning_tokens = base::saturating_add(line.reasoning_tokens, event.reasoning_tokens);
  line.cost_usd += event.cost_usd.value_or(0);
  const bool has_tokens = event.tokens_in > 0 || event.tokens_out > 0;
  line.unpriced += has_tokens && !event.cost_usd;
}

}  // namespace

/// Gives each use what it adds to its message, and its price.
class LogUsage::Settlement {
 public:
  explicit Settlement(const Pricing& pricing) : pricing_(pricing) {}

  Event settle(const Use& use, const File& file, base::Time at) {
    Event event;
    event.model = file.models[use.model];
    event.input_includes_cache = file.log.agent == agents::Agent::codex;
    event.cost_usd = use.cost_usd;
    event.tokens_in = use.tokens.tokens_in;
    event.tokens_out = use.tokens.tokens_out;
    event.cache_read_tokens = use.tokens.cache_read_tokens;
    event.cache_write_tokens = use.tokens.cache_write_tokens;
    event.cache_write_1h_tokens = use.tokens.cache_write_1h_tokens;
    event.reasoning_tokens = use.tokens.reasoning_tokens;
    if (use.key.empty()) {
      if (!event.cost_usd && (event.tokens_in > 0 || event.tokens_out > 0))
        event.cost_usd = pricing_.cost(event.model, event, at);
      return event;
    }
    const auto [message, is_new] = messages_.try_emplace(use.key);
    event = message->second.step(event, pricing_, at, !is_new);
    message->second.add(event);
    return event;
  }

 private:
  const Pricing& pricing_;
  std::unordered_map<std::string_view, MessageCount> messages_;  // keys are the uses' own
};

LogUsage::LogUsage(const agents::Places& places)
    : default_model_(agents::codex_default_model(places.codex_home)) {
  for (const agents::Agent agent : {agents::Agent::claude_code, agents::Agent::codex})
    for (agents::FoundLog& log : find_logs(places, agent))
      files_.push_back({std::move(log), {}, {}, {}});
}

LogUsage::~LogUsage() = default;

void LogUsage::work() {
  for (std::size_t i = next_++; i < files_.size(); i = next_++) read(files_[i]);
}

void LogUsage::read(File& file) {
  auto opened = agents::LogFile::open(file.log.path,
                                      make_reader(file.log.agent, file.log.path, default_model_),
                                      agents::LogFile::Hashing::no);
  if (!opened) {
    file.problem = opened.error().what;
    return;
  }
  ImportMapping mapping(file.log.agent, {});
  const auto sink = [&](const agents::Record& record) {
    const bool is_end = record.kind == agents::Record::Kind::session_end;
    if (is_end || (!record.usage && !record.cost_usd)) return;
    auto event = mapping.map(record);
    if (!event) return;
    const MessageCount tokens{event->tokens_in,
                              event->tokens_out,
                              event->cache_read_tokens,
                              event->cache_write_tokens,
                              event->cache_write_1h_tokens,
                              event->reasoning_tokens,
                              0};
    file.uses.push_back({std::move(event->event_id), std::move(event->usage_key),
                         file.index_of(event->model), base::parse_date(event->client_timestamp),
                         tokens, event->cost_usd});
  };
  const auto done = opened->read(sink, [] { return false; });
  if (!done) file.problem = done.error().what;
  bytes_read_ += opened->bytes_read();
}

std::vector<UsageLine> LogUsage::lines(const Pricing& pricing, const UsageFilter& filter) {
  const base::Time now = base::Clock::system().now();
  Settlement settlement(pricing);
  std::map<std::tuple<std::int64_t, std::string_view, std::string>, UsageLine> lines;
  std::unordered_set<std::string_view> seen;
  // In the order of an import: the first event that carries a message is given its tokens.
  for (const File& file : files_) {
    const std::string_view agent = agent_type(file.log.agent);
    for (const Use& use : file.uses) {
      if (!seen.insert(use.id).second) continue;
      const base::Time at = use.at.value_or(now);
      const Event event = settlement.settle(use, file, at);
      const std::int64_t second =
          std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
      if ((filter.from && second < *filter.from) || (filter.until && second >= *filter.until) ||
          (!filter.agent_type.empty() && filter.agent_type != agent))
        continue;
      const std::int64_t start = usage_slot(second) * UsageTotals::kSlotSeconds;
      UsageLine& line = lines[{start, agent, event.model}];
      line.start = start;
      line.agent_type = agent;
      line.model = event.model;
      add(line, event);
    }
  }
  std::vector<UsageLine> result;
  for (auto& [key, line] : lines) result.push_back(std::move(line));
  return result;
}

std::vector<std::string> LogUsage::problems() const {
  std::vector<std::string> problems;
  for (const File& file : files_)
    if (!file.problem.empty()) problems.push_back(file.problem);
  return problems;
}

}  // namespace monitor
