#include "monitor/collected.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "base/json_writer.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/time_text.h"
#include "monitor/metadata.h"

namespace monitor {
namespace {

using base::json::Kind;
using base::json::Value;
using base::json::Writer;

constexpr std::size_t kMaxIdBytes = 256;
constexpr std::size_t kPreviewUnits = 500;  // of UTF-16
constexpr std::size_t kCommandUnits = 200;
constexpr std::size_t kIdDigits = 32;
constexpr double kMostCount = 9007199254740991;  // exact in JavaScript

struct AgentName {
  std::string_view id, type;
};
constexpr AgentName kAgentNames[] = {{"claude", "claude_code"}, {"github-copilot", "copilot"}};

struct TypeName {
  std::string_view name;
  EventType type;
};
constexpr TypeName kTypes[] = {
    {"llm_request", EventType::user_prompt},    {"llm_response", EventType::llm_response},
    {"tool_use", EventType::tool_use},          {"file_read", EventType::tool_use},
    {"file_write", EventType::tool_use},        {"file_modify", EventType::tool_use},
    {"command_execution", EventType::tool_use}, {"user_interaction", EventType::response},
    {"error_encountered", EventType::error},    {"session_start", EventType::session_start},
    {"session_end", EventType::session_end},
};

/// One that a later collector knows is no reason to refuse what it says.
EventType type_of(std::string_view name) {
  for (const TypeName& known : kTypes)
    if (known.name == name) return known.type;
  return EventType::response;
}

std::optional<Value> member(const Value& object, std::string_view key, Kind kind) {
  const auto value = object.is(Kind::object) ? object.find(key) : std::nullopt;
  return value && value->is(kind) ? value : std::nullopt;
}

std::string_view text_of(const std::optional<Value>& object, std::string_view key) {
  const auto value = object ? member(*object, key, Kind::string) : std::nullopt;
  return value ? value->text() : std::string_view();
}

std::int64_t count_of(const std::optional<Value>& object, std::string_view key) {
  const auto value = object ? member(*object, key, Kind::number) : std::nullopt;
  const double real = value ? value->to_double() : 0;
  return real > 0 && real <= kMostCount ? static_cast<std::int64_t>(real) : 0;
}

std::string_view first_of(std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts)
    if (!text.empty()) return text;
  return {};
}

/// One event being read.
class Reading {
 public:
  Reading(const Value& json, const ContractLimits& limits)
      : json_(json),
        context_(member(json, "context", Kind::object)),
        data_(member(json, "data", Kind::object)),
        metrics_(member(json, "metrics", Kind::object)),
        limits_(limits) {}

  ParsedEvent event() {
    FieldErrors errors;
    const std::string_view id = needed("id", errors);
    const std::string_view type = needed("eventType", errors);
    const std::string_view agent = needed("agentId", errors);
    std::string_view session = needed("sessionId", errors);
    if (!errors.empty()) return errors;
    // What the agent itself calls it, where the collector had to make a UUID of it.
    if (const auto native = text_of(context_, "nativeSessionId"); !native.empty()) session = native;
    Event event;
    event.event_id = id;
    event.session_id = base::cut_utf8(session, kMaxIdBytes);
    event.agent_type = base::cut_utf8(agent_type_of(agent), kMaxIdBytes);
    event.event_type = type_of(type);
    event.source = kCollectorSource;
    const auto at = base::parse_date(text_of(json_, "timestamp"));
    if (at) event.client_timestamp = base::to_iso_ms(*at);
    set_place(event);
    set_usage(event);
    if (event.event_type == EventType::tool_use)
      event.tool_name = first_of({text_of(data_, "toolName"), text_of(data_, "toolId"), type});
    const bool failed = event.event_type == EventType::error || is_true("isError");
    event.status = failed ? EventStatus::error : EventStatus::success;
    event.duration_ms = count_of(metrics_, "durationMs");
    set_metadata(type, event);
    return event;
  }

 private:
  std::string_view needed(std::string_view field, FieldErrors& errors) const {
    const auto value = json_.is(Kind::object) ? json_.find(field) : std::nullopt;
    const bool is_text = value && value->is(Kind::string);
    const std::string_view text = is_text ? base::trim(value->text()) : std::string_view();
    if (!text.empty() && text.size() <= kMaxIdBytes) return text;
    errors.push_back({std::string(field),
                      !value         ? "is required"
                      : !is_text     ? "must be a string"
                      : text.empty() ? "must not be empty"
                                     : fmt::format("must have at most {} bytes", kMaxIdBytes)});
    return {};
  }

  bool is_true(std::string_view key) const {
    const auto value = data_ ? member(*data_, key, Kind::boolean) : std::nullopt;
    return value && value->truth();
  }

  void set_place(Event& event) const {
    const std::string_view folder =
        first_of({text_of(context_, "workingDirectory"), text_of(context_, "workspacePath")});
    event.workspace = folder;
    event.machine = text_of(context_, "machineName");
    event.project = base::last_component(first_of({folder, text_of(context_, "projectName")}));
    event.branch = text_of(context_, "branch");
    event.model = first_of({text_of(context_, "model"), text_of(data_, "modelId")});
    event.parent_session_id = text_of(context_, "parentSessionId");
  }

  /// What the provider counted, if the log said so; an estimate of the answer otherwise. Estimates
  /// of prompts are none of what was used: each request sends all that went before too.
  void set_usage(Event& event) const {
    if (event.event_type != EventType::llm_response) return;
    if (const auto usage = data_ ? member(*data_, "usage", Kind::object) : std::nullopt) {
      event.tokens_in = count_of(usage, "inputTokens");
      event.tokens_out = count_of(usage, "outputTokens");
      event.cache_read_tokens = count_of(usage, "cacheReadTokens");
      event.cache_write_tokens = count_of(usage, "cacheWriteTokens");
      event.cache_write_1h_tokens = count_of(usage, "cacheWrite1hTokens");
      event.reasoning_tokens = count_of(usage, "reasoningTokens");
      const auto mark = member(*usage, "inputIncludesCache", Kind::boolean);
      event.input_includes_cache = mark && mark->truth();
      set_usage_key(event);
    } else {
      event.tokens_in = count_of(metrics_, "promptTokens");
      event.tokens_out = count_of(metrics_, "responseTokens");
    }
    const auto cost = metrics_ ? member(*metrics_, "cost", Kind::number) : std::nullopt;
    if (cost && cost->to_double() > 0 && std::isfinite(cost->to_double()))
      event.cost_usd = cost->to_double();
  }

  /// The same as that of the message in an import, so that both together count it once.
  void set_usage_key(Event& event) const {
    const std::string_view message = text_of(data_, "messageId");
    if (message.empty()) return;
    const std::string text = event.agent_type == "claude_code"
                                 ? fmt::format("claude:{}:{}", message, text_of(data_, "requestId"))
                                 : fmt::format("{}:{}", event.agent_type, message);
    event.usage_key = base::sha256_hex(text, kIdDigits);
  }

  void set_metadata(std::string_view type, Event& event) {
    std::string out;
    Writer json(out);
    json.begin_object();
    const auto add = [&json](std::string_view key, std::string_view text, std::size_t units) {
      if (!text.empty()) json.key(key).value(base::cut_utf16(text, units));
    };
    const bool is_prompt = event.event_type == EventType::user_prompt;
    add(is_prompt ? "message" : "content_preview",
        first_of({text_of(data_, is_prompt ? "prompt" : "response"), text_of(data_, "message"),
                  text_of(data_, "text"), text_of(data_, "rawLog")}),
        kPreviewUnits);
    add("error", text_of(data_, "error"), kPreviewUnits);
    const auto input = data_ ? member(*data_, "toolInput", Kind::object) : std::nullopt;
    add("command", text_of(input, "command"), kCommandUnits);
    add("file_path", first_of({text_of(data_, "filePath"), text_of(input, "file_path")}),
        kPreviewUnits);
    add("pattern", text_of(input, "pattern"), kPreviewUnits);
    add("query", text_of(input, "query"), kPreviewUnits);
    add("tool_use_id", text_of(data_, "toolCallId"), kMaxIdBytes);
    add("cwd", event.workspace, kPreviewUnits);
    add("machine", event.machine, kMaxIdBytes);
    json.key("type").value(base::cut_utf8(type, kMaxIdBytes));
    json.end_object();
    if (out.size() <= limits_.max_metadata_bytes) {
      event.metadata = std::move(out);
      return;
    }
    StoredMetadata stored = to_stored_metadata(*document_.parse(out), limits_.max_metadata_bytes);
    event.metadata = std::move(stored.json);
    event.payload_truncated = stored.truncated;
  }

  const Value& json_;
  const std::optional<Value> context_, data_, metrics_;
  const ContractLimits& limits_;
  base::json::Document document_;
};

}  // namespace

std::string_view agent_type_of(std::string_view agent_id) {
  for (const AgentName& known : kAgentNames)
    if (known.id == agent_id) return known.type;
  return agent_id;
}

ParsedEvent parse_collected_event(const Value& json, const ContractLimits& limits) {
  return Reading(json, limits).event();
}

}  // namespace monitor
