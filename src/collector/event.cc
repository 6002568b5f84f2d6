#include "collector/event.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include "base/json_writer.h"
#include "base/time_text.h"

namespace collector {
namespace {

namespace json = base::json;
using base::Errc;
using base::Error;
using base::Result;
using json::Kind;
using json::Value;

// RFC 3339 has no other years: one event outside of them would spoil the batch it is in.
constexpr base::Time kFirst = std::chrono::sys_days{std::chrono::year{0} / 1 / 1};
constexpr base::Time kLast =
    std::chrono::sys_days{std::chrono::year{10000} / 1 / 1} - std::chrono::milliseconds{1};

std::string braced(std::string_view members) { return fmt::format("{{{}}}", members); }

void write_if_any(json::Writer& out, std::string_view key, std::int64_t number) {
  if (number != 0) out.key(key).value(number);
}

void write_metrics(json::Writer& out, const AgentEvent::Metrics& metrics) {
  out.key("metrics").begin_object();
  write_if_any(out, "tokenCount", metrics.token_count);
  write_if_any(out, "durationMs", metrics.duration_ms);
  write_if_any(out, "promptTokens", metrics.prompt_tokens);
  write_if_any(out, "responseTokens", metrics.response_tokens);
  if (metrics.cost != 0) out.key("cost").value(metrics.cost);
  out.end_object();
}

Error wrong(std::string_view field, std::string_view what) {
  return {Errc::invalid_argument, fmt::format("{} {}", field, what)};
}

/// The fields of one object. What is null counts as missing.
class Fields {
 public:
  Fields(const Value& object, std::string_view prefix) : object_(object), prefix_(prefix) {}

  Result<std::string> text(std::string_view name) const {
    const auto value = find(name);
    if (!value) return missing(name);
    if (!value->is(Kind::string)) return wrong(name, "must be a string");
    return std::string(value->text());
  }
  Result<std::string> text_or_empty(std::string_view name) const {
    return find(name) ? text(name) : Result<std::string>(std::string());
  }
  Result<std::int64_t> integer(std::string_view name) const {
    const auto value = find(name);
    if (!value) return missing(name);
    const auto number = value->is(Kind::number) ? value->to_int() : std::nullopt;
    if (!number) return wrong(name, "must be an integer");
    return *number;
  }
  Result<std::int64_t> integer_or_0(std::string_view name) const {
    return find(name) ? integer(name) : Result<std::int64_t>(std::int64_t{0});
  }
  Result<double> real_or_0(std::string_view name) const {
    const auto value = find(name);
    if (!value) return 0.0;
    const double real = value->is(Kind::number) ? value->to_double() : HUGE_VAL;
    if (!std::isfinite(real)) return wrong(name, "must be a number");
    return real;
  }
  Result<std::optional<Value>> object_or_none(std::string_view name) const {
    const auto value = find(name);
    if (value && !value->is(Kind::object)) return wrong(name, "must be an object");
    return value;
  }
  Result<std::string> members_or_empty(std::string_view name) const {
    TRY(const auto value, object_or_none(name));
    if (!value) return std::string();
    std::string text;
    json::append_value(text, *value);
    return text.substr(1, text.size() - 2);
  }
  Error missing(std::string_view name) const { return wrong(name, "is missing"); }
  Error wrong(std::string_view name, std::string_view what) const {
    return collector::wrong(fmt::format("{}{}", prefix_, name), what);
  }

 private:
  std::optional<Value> find(std::string_view name) const {
    const auto value = object_.find(name);
    return value && !value->is(Kind::null) ? value : std::nullopt;
  }

  Value object_;
  std::string_view prefix_;
};

Result<base::Time> parse_timestamp(const Fields& fields) {
  TRY(const std::string text, fields.text("timestamp"));
  const bool has_zone = text.size() >= 20 && (text.back() == 'Z' || text[text.size() - 6] == '+' ||
                                              text[text.size() - 6] == '-');
  const auto time = has_zone && text[10] == 'T' ? base::parse_date(text) : std::nullopt;
  if (!time) return fields.wrong("timestamp", "must be a time such as 2026-03-01T12:00:00Z");
  return *time;
}

Result<AgentEvent::Metrics> parse_metrics(const Value& object) {
  const Fields fields(object, "metrics.");
  AgentEvent::Metrics metrics;
  TRY(metrics.token_count, fields.integer_or_0("tokenCount"));
  TRY(metrics.duration_ms, fields.integer_or_0("durationMs"));
  TRY(metrics.prompt_tokens, fields.integer_or_0("promptTokens"));
  TRY(metrics.response_tokens, fields.integer_or_0("responseTokens"));
  TRY(metrics.cost, fields.real_or_0("cost"));
  return metrics;
}

}  // namespace

std::string to_json(const AgentEvent& event) {
  std::string text;
  json::Writer out(text);
  out.begin_object();
  out.key("id").value(event.id);
  out.key("timestamp").value(base::to_iso_ms(std::clamp(event.timestamp, kFirst, kLast)));
  out.key("eventType").value(event.event_type);
  out.key("agentId").value(event.agent_id);
  out.key("agentVersion").value(event.agent_version);
  out.key("sessionId").value(event.session_id);
  out.key("projectId").value(event.project_id);
  write_if_any(out, "machineId", event.machine_id);
  write_if_any(out, "workspaceId", event.workspace_id);
  if (!event.legacy_project_id.empty()) out.key("legacyProjectId").value(event.legacy_project_id);
  if (!event.context.empty()) out.key("context").raw(braced(event.context));
  out.key("data").raw(braced(event.data));
  if (event.has_metrics) write_metrics(out, event.metrics);
  out.end_object();
  return text;
}

Result<AgentEvent> parse_event(const Value& json) {
  if (!json.is(Kind::object)) return wrong("an event", "must be an object");
  const Fields fields(json, "");
  AgentEvent event;
  TRY(event.id, fields.text("id"));
  TRY(event.timestamp, parse_timestamp(fields));
  TRY(event.event_type, fields.text("eventType"));
  TRY(event.agent_id, fields.text("agentId"));
  TRY(event.agent_version, fields.text("agentVersion"));
  TRY(event.session_id, fields.text("sessionId"));
  TRY(event.project_id, fields.integer("projectId"));
  TRY(event.machine_id, fields.integer_or_0("machineId"));
  TRY(event.workspace_id, fields.integer_or_0("workspaceId"));
  TRY(event.legacy_project_id, fields.text_or_empty("legacyProjectId"));
  TRY(event.context, fields.members_or_empty("context"));
  TRY(const auto data, fields.object_or_none("data"));
  if (!data) return fields.missing("data");
  TRY(event.data, fields.members_or_empty("data"));
  TRY(const auto metrics, fields.object_or_none("metrics"));
  event.has_metrics = metrics.has_value();
  if (metrics) {
    TRY(event.metrics, parse_metrics(*metrics));
  }
  return event;
}

}  // namespace collector
