#include <algorithm>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "otlp_attributes.h"

// Spans after the GenAI semantic conventions that tell of an answer of a model or of a tool call,
// in a session that is known. https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/

namespace monitor::otlp {
namespace {

std::optional<EventType> event_type_of(const Span& span) {
  const std::string operation = text_of(span.attributes, {"gen_ai.operation.name"});
  if (operation == "chat" || operation == "generate_content" || operation == "text_completion")
    return EventType::llm_response;
  if (operation == "execute_tool") return EventType::tool_use;
  return std::nullopt;  // invoke_agent and create_agent contain the others
}

/// The present names of cached tokens count them within the input, the former ones beside it.
void read_tokens(const Span& span, Event& event) {
  const auto count = [&](Names names) { return to_count(number_of(span.attributes, names)); };
  event.tokens_in = count({"gen_ai.usage.input_tokens"});
  event.tokens_out = count({"gen_ai.usage.output_tokens"});
  const std::int64_t read = count({"gen_ai.usage.cache_read.input_tokens"});
  const std::int64_t written = count({"gen_ai.usage.cache_creation.input_tokens"});
  event.tokens_in = std::max<std::int64_t>(0, event.tokens_in - read - written);
  event.cache_read_tokens = read > 0 ? read : count({"gen_ai.usage.cache_read_input_tokens"});
  event.cache_write_tokens =
      written > 0 ? written : count({"gen_ai.usage.cache_creation_input_tokens"});
  event.cost_usd = to_cost(number_of(span.attributes, {"gen_ai.usage.cost"}));
}

void set_metadata(Event& event, const Span& span, base::json::Document& document,
                  const ContractLimits& limits) {
  std::string json;
  base::json::Writer writer(json);
  writer.begin_object().key("span").value(span.name);
  if (span.has_failed && !span.status_message.empty())
    writer.key("error").value(span.status_message);
  writer.end_object();
  store_metadata(event, document.parse(json).value(), limits);
}

std::optional<Event> map(const Span& span, const Sender& sender, base::json::Document& document,
                         const ContractLimits& limits) {
  const auto type = event_type_of(span);
  if (!type) return std::nullopt;
  SessionId session = session_of(span.attributes, sender);
  Event event;
  event.session_id = session.by_contract.empty() ? session.by_convention : session.by_contract;
  if (event.session_id.empty()) return std::nullopt;
  event.event_id = "otel-span-" + span.trace_id + "-" + span.span_id;
  event.agent_type = sender.agent_type;
  event.event_type = *type;
  event.status = span.has_failed ? EventStatus::error : EventStatus::success;
  event.source = "otel";
  event.model = text_of(span.attributes, {"gen_ai.request.model", "gen_ai.response.model"});
  event.project = text_of(span.attributes, {"project"});
  if (event.project.empty()) event.project = sender.project;
  event.branch = text_of(span.attributes, {"branch"});
  if (event.branch.empty()) event.branch = sender.branch;
  const std::uint64_t end = std::max(span.start_unix_nano, span.end_unix_nano);
  event.client_timestamp = to_timestamp(end);
  if (span.start_unix_nano > 0)
    event.duration_ms = static_cast<std::int64_t>((end - span.start_unix_nano) / 1'000'000);
  if (*type == EventType::tool_use) {
    event.tool_name = text_of(span.attributes, {"gen_ai.tool.name"});
  } else {
    read_tokens(span, event);
  }
  set_metadata(event, span, document, limits);
  return event;
}

}  // namespace

std::vector<Event> to_events(const Traces& traces, const ContractLimits& limits) {
  std::vector<Event> events;
  base::json::Document document;
  for (const Group<Span>& group : traces.groups) {
    const Sender sender(group.resource);
    for (const Span& span : group.records)
      if (auto event = map(span, sender, document, limits)) events.push_back(std::move(*event));
  }
  return events;
}

}  // namespace monitor::otlp
