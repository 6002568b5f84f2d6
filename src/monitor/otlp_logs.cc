#include <algorithm>
#include <array>
#include <optional>

#include "agents/patch.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "otlp_attributes.h"

// A log record is an event if its name says of which type and something says of which session.
// Each field has several sources; the order in which they stand is the contract's, and behind them
// come the names that Claude Code and Codex use today.

namespace monitor::otlp {
namespace {

using base::json::Kind;
using Json = base::json::Value;

struct NamedType {
  std::string_view name;
  EventType type;
};
template <std::size_t size>
std::optional<EventType> find(const std::array<NamedType, size>& types, std::string_view name) {
  for (const NamedType& known : types)
    if (known.name == name) return known.type;
  return std::nullopt;
}

// By what stands behind the last dot of the name, whoever sent it.
constexpr std::array<NamedType, 13> kTypes = {{{"tool_result", EventType::tool_use},
                                               {"tool_use", EventType::tool_use},
                                               {"api_request", EventType::llm_request},
                                               {"api_response", EventType::llm_response},
                                               {"session_start", EventType::session_start},
                                               {"session_end", EventType::session_end},
                                               {"file_change", EventType::file_change},
                                               {"git_commit", EventType::git_commit},
                                               {"plan_step", EventType::plan_step},
                                               {"error", EventType::error},
                                               {"user_prompt", EventType::user_prompt},
                                               {"user_prompt_submit", EventType::user_prompt},
                                               {"user_message", EventType::user_prompt}}};
// Names that came later, which nothing else recognises.
constexpr std::array<NamedType, 1> kLaterTypes = {{{"api_error", EventType::error}}};
constexpr std::array<NamedType, 2> kLaterCodexTypes = {
    {{"conversation_starts", EventType::session_start},
     {"websocket_request", EventType::llm_request}}};

// Pieces of a stream: each would be an event of its own, and says nothing.
constexpr std::string_view kDropped[] = {"codex.sse_event", "codex.websocket.event",
                                         "claude_code.response"};
// But the last piece of a stream tells what the model used.
constexpr std::string_view kStreamPieces[] = {"codex.sse_event", "codex.websocket.event",
                                              "codex.websocket_event"};

// Of a body, what becomes fields of the event and is not repeated in its metadata.
constexpr std::string_view kPromoted[] = {"session_id",
                                          "tool_name",
                                          "model",
                                          "input_tokens",
                                          "output_tokens",
                                          "cache_read_tokens",
                                          "cache_write_tokens",
                                          "cost_usd",
                                          "duration_ms",
                                          "project",
                                          "branch"};

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('.') + 1); }

/// The body of a record: JSON, plain text, or nothing.
class Body {
 public:
  Body(const Value& value, base::json::Document& document) {
    std::string json;
    if (const auto* text = std::get_if<std::string>(&value.is)) {
      json = plain_ = *text;
      const std::string_view trimmed = base::trim(json);
      if (!trimmed.starts_with('{') && !trimmed.starts_with('[')) return;
    } else if (std::holds_alternative<Attributes>(value.is)) {
      append_json(json, value);
    } else {
      return;
    }
    if (const auto parsed = document.parse(base::trim(json))) {
      json_ = *parsed;
      plain_.clear();
    }
  }

  bool is_object() const { return json_ && json_->is(Kind::object); }
  const std::optional<Json>& json() const { return json_; }
  const std::string& plain() const { return plain_; }

  /// A text of the object `parent`, or of the body itself; empty when there is none.
  std::string text(std::string_view name, std::string_view parent = {}) const {
    std::optional<Json> owner = is_object() ? json_ : std::nullopt;
    if (owner && !parent.empty()) owner = owner->find(parent);
    if (!owner || !owner->is(Kind::object)) return {};
    const auto value = owner->find(name);
    return value && value->is(Kind::string) ? std::string(value->text()) : std::string();
  }
  std::optional<double> number(std::string_view name) const {
    const auto value = is_object() ? json_->find(name) : std::nullopt;
    if (!value || !value->is(Kind::number)) return std::nullopt;
    return value->to_double();
  }

 private:
  std::optional<Json> json_;
  std::string plain_;
};

/// Memory for JSON that all records of a request use in turn.
struct Documents {
  base::json::Document body, metadata;
};

/// One record on its way to an event.
class LogMapping {
 public:
  LogMapping(const LogRecord& record, const Sender& sender, Documents& documents)
      : record_(record),
        sender_(sender),
        documents_(documents),
        body_(record.body, documents.body) {}

  /// Whether the contract would not have found a session; after `map`.
  bool is_by_convention() const { return is_by_convention_; }

  std::optional<Event> map(const ContractLimits& limits) {
    Event event;
    const SessionId session = session_of(record_.attributes, sender_);
    event.session_id = session.by_contract;
    if (event.session_id.empty()) event.session_id = body_.text("session_id");
    // The contract does not know such records, so nothing that it says about bodies holds.
    is_by_convention_ = base::trim(event.session_id).empty();
    if (is_by_convention_) event.session_id = session.by_convention;
    if (base::trim(event.session_id).empty()) return std::nullopt;

    const auto type = event_type();
    if (!type) return std::nullopt;
    event.event_type = *type;
    event.agent_type = sender_.agent_type;
    event.status = *type == EventType::error ? EventStatus::error : EventStatus::success;
    event.source = "otel";
    event.repeats_log = is_by_convention_ || is_end_of_stream_;
    event.client_timestamp = to_timestamp(record_.time_unix_nano);
    read_texts(event);
    read_numbers(event);
    set_metadata(event, limits);
    return event;
  }

 private:
  std::string text(Names names) const { return text_of(record_.attributes, names); }
  std::optional<double> number(Names names) const { return number_of(record_.attributes, names); }

  std::string name() const {
    std::string name = text({"event.name", "name"});
    return name.empty() ? record_.event_name : name;
  }

  std::optional<EventType> event_type() {
    const std::string name = this->name();
    if (is_one_of(kStreamPieces, name))
      if (const auto type = end_of_stream()) return type;
    if (is_one_of(kDropped, name)) return std::nullopt;
    if (sender_.is_codex() && name == "codex.tool_decision") return EventType::tool_use;
    if (sender_.is_codex() && (name == "codex.response" || name == "codex.event_msg")) {
      std::string type = body_.text("type", "payload");
      if (type.empty()) type = body_.text("type");
      if (type == "user_message" || type == "user_prompt") return EventType::user_prompt;
    }
    if (const auto type = find(kTypes, last_part(name))) return type;
    if (sender_.is_codex() &&
        (body_.text("type") == "user_message" || body_.text("type", "payload") == "user_message"))
      return EventType::user_prompt;
    if (record_.severity_text == "ERROR") return EventType::error;
    if (sender_.is_codex())
      if (const auto type = find(kLaterCodexTypes, last_part(name))) return type;
    return find(kLaterTypes, last_part(name));
  }

  std::optional<EventType> end_of_stream() {
    const std::string kind = text({"event.kind"});
    is_end_of_stream_ = kind == "response.completed" || kind == "response.failed";
    if (!is_end_of_stream_) return std::nullopt;
    return kind == "response.failed" ? EventType::error : EventType::llm_response;
  }

  void read_texts(Event& event) const {
    const auto first = [](std::string a, std::string b, std::string c = {}) {
      return !a.empty() ? a : !b.empty() ? b : c;
    };
    event.tool_name =
        first(text({"gen_ai.tool.name", "tool_name", "tool.name"}), body_.text("tool_name"));
    event.model = first(text({"gen_ai.request.model", "model"}), body_.text("model"));
    event.project = first(text({"project"}), sender_.project, body_.text("project"));
    event.branch = first(text({"branch"}), sender_.branch, body_.text("branch"));
  }

  /// The contract's attribute, its member of the body, then what exporters send today.
  std::optional<double> number(std::string_view attribute, std::string_view member,
                               std::string_view later) const {
    auto found = number({attribute});
    if (!found) found = body_.number(member);
    if (!found) found = number({later});
    return found;
  }

  void read_numbers(Event& event) const {
    event.tokens_in = to_count(number("gen_ai.usage.input_tokens", "input_tokens", "input_tokens"));
    event.tokens_out =
        to_count(number("gen_ai.usage.output_tokens", "output_tokens", "output_tokens"));
    event.cache_read_tokens = to_count(
        number("gen_ai.usage.cache_read_input_tokens", "cache_read_tokens", "cache_read_tokens"));
    event.cache_write_tokens = to_count(number("gen_ai.usage.cache_creation_input_tokens",
                                               "cache_write_tokens", "cache_creation_tokens"));
    event.cost_usd = to_cost(number("gen_ai.usage.cost", "cost_usd", "cost_usd"));
    auto duration = number({"gen_ai.latency", "duration_ms"});
    if (!duration) duration = body_.number("duration_ms");
    event.duration_ms = to_count(duration);
    if (is_end_of_stream_) read_stream_usage(event);
  }

  /// Codex counts cached tokens as input too, here as in its logs on disk.
  void read_stream_usage(Event& event) const {
    event.tokens_in = to_count(number({"input_token_count"}));
    event.input_includes_cache = true;
    event.tokens_out = to_count(number({"output_token_count"}));
    event.cache_read_tokens = to_count(number({"cached_token_count"}));
    event.reasoning_tokens = to_count(number({"reasoning_token_count"}));
  }

  void set_metadata(Event& event, const ContractLimits& limits) const {
    std::string additions;
    base::json::Writer writer(additions);
    write_message(writer, event);
    write_patch(writer, event);
    write_failure(writer);
    const bool is_body_whole = body_.json() && !has_promoted() && additions.empty();
    if (is_body_whole || (body_.json() && !body_.is_object())) {
      store_metadata(event, *body_.json(), limits);
    } else {
      std::string json = "{";
      write_body(json);
      if (json.size() > 1 && !additions.empty()) json += ',';
      json.append(additions).append("}");
      store_metadata(event, documents_.metadata.parse(json).value(), limits);
    }
  }

  bool has_promoted() const {
    if (!body_.is_object()) return false;
    for (const base::json::Member& member : body_.json()->members())
      if (is_one_of(kPromoted, member.key)) return true;
    return false;
  }

  /// The members of the body that did not become fields.
  void write_body(std::string& json) const {
    if (!body_.is_object()) return;
    for (const base::json::Member& member : body_.json()->members()) {
      if (is_one_of(kPromoted, member.key)) continue;
      if (json.size() > 1) json += ',';
      base::json::append_string(json, member.key);
      json += ':';
      base::json::append_value(json, member.value);
    }
  }

  /// Claude Code says the name of the event once more where others say what happened.
  std::string_view plain_text() const {
    if (is_by_convention_ && last_part(body_.plain()) == last_part(name())) return {};
    return body_.plain();
  }

  /// A plain body, or what the user said.
  void write_message(base::json::Writer& writer, const Event& event) const {
    std::string message(plain_text());
    if (message.empty() && event.event_type == EventType::user_prompt &&
        body_.text("message").empty()) {
      message = body_.text("message", "payload");
      if (message.empty())
        message =
            text({"gen_ai.prompt", "message", "prompt", "codex.prompt", "gen_ai.content.prompt"});
    }
    if (!message.empty()) writer.key("message").value(message);
  }

  void write_patch(base::json::Writer& writer, const Event& event) const {
    if (event.tool_name != "apply_patch") return;
    const std::string input = body_.text("input");
    if (const auto patch = agents::summarize_patch(input)) {
      writer.key("file_path").value(patch->file_path);
      writer.key("lines_added").value(patch->lines_added);
      writer.key("lines_removed").value(patch->lines_removed);
    }
  }

  void write_failure(base::json::Writer& writer) const {
    if (!is_end_of_stream_) return;
    const std::string what = text({"error.message"});
    if (!what.empty()) writer.key("error").value(what);
  }

  const LogRecord& record_;
  const Sender& sender_;
  Documents& documents_;
  const Body body_;
  bool is_by_convention_ = false;
  bool is_end_of_stream_ = false;
};

}  // namespace

std::vector<Event> to_events(const Logs& logs, const ContractLimits& limits,
                             LoggedSessions* logged) {
  std::vector<Event> events;
  Documents documents;
  for (const Group<LogRecord>& group : logs.groups) {
    const Sender sender(group.resource);
    for (const LogRecord& record : group.records) {
      LogMapping mapping(record, sender, documents);
      auto event = mapping.map(limits);
      if (!event) continue;
      const bool has_usage = event->tokens_in > 0 || event->tokens_out > 0 || event->cost_usd;
      if (logged && mapping.is_by_convention() && has_usage) logged->add(event->session_id);
      events.push_back(std::move(*event));
    }
  }
  return events;
}

}  // namespace monitor::otlp
