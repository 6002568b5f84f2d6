#include "monitor/event_row.h"

#include "base/json_writer.h"

namespace monitor {
namespace {

EventRow::Text text_of(const store::Statement& s, int column) {
  return s.is_null(column) ? EventRow::Text() : EventRow::Text(s.text(column));
}
EventRow::Integer integer_of(const store::Statement& s, int column) {
  return s.is_null(column) ? EventRow::Integer() : EventRow::Integer(s.integer(column));
}
EventRow::Text unless_empty(const std::string& text) {
  return text.empty() ? EventRow::Text() : EventRow::Text(text);
}

/// Commas and quotes around constants cost as much as the values: here they are one literal each.
class FieldWriter {
 public:
  explicit FieldWriter(std::string& out) : out_(out) {}

  void text(std::string_view head, const EventRow::Text& value) {
    out_ += head;
    if (value) {
      base::json::append_string(out_, *value);
    } else {
      out_ += "null";
    }
  }
  void integer(std::string_view head, const EventRow::Integer& value) {
    out_ += head;
    if (value) {
      base::json::append_int(out_, *value);
    } else {
      out_ += "null";
    }
  }
  void real(std::string_view head, const std::optional<double>& value) {
    out_ += head;
    if (value) {
      base::json::append_double(out_, *value);
    } else {
      out_ += "null";
    }
  }

 private:
  std::string& out_;
};

}  // namespace

const std::string_view kEventRowColumns =
    "id, event_id, schema_version, session_id, agent_type, event_type, tool_name, status, "
    "tokens_in, tokens_out, branch, project, duration_ms, created_at, client_timestamp, metadata, "
    "payload_truncated, model, cost_usd, cache_read_tokens, cache_write_tokens, source";

EventRow to_row(const store::Statement& s) {
  EventRow row;
  row.id = s.integer(0);
  row.event_id = text_of(s, 1);
  row.schema_version = s.integer(2);
  row.session_id = s.text(3);
  row.agent_type = s.text(4);
  row.event_type = s.text(5);
  row.tool_name = text_of(s, 6);
  row.status = s.text(7);
  row.tokens_in = integer_of(s, 8);
  row.tokens_out = integer_of(s, 9);
  row.branch = text_of(s, 10);
  row.project = text_of(s, 11);
  row.duration_ms = integer_of(s, 12);
  row.created_at = s.text(13);
  row.client_timestamp = text_of(s, 14);
  row.metadata = text_of(s, 15);
  row.payload_truncated = s.integer(16);
  row.model = text_of(s, 17);
  row.cost_usd = s.real_or_null(18);
  row.cache_read_tokens = integer_of(s, 19);
  row.cache_write_tokens = integer_of(s, 20);
  row.source = text_of(s, 21);
  return row;
}

EventRow to_row(const StoredEvent& stored) {
  const Event& e = stored.event;
  EventRow row;
  row.id = stored.id;
  row.event_id = unless_empty(e.event_id);
  row.session_id = e.session_id;
  row.agent_type = e.agent_type;
  row.event_type = name(e.event_type);
  row.tool_name = unless_empty(e.tool_name);
  row.status = name(e.status);
  row.tokens_in = e.tokens_in;
  row.tokens_out = e.tokens_out;
  row.branch = unless_empty(e.branch);
  row.project = unless_empty(e.project);
  if (e.duration_ms != 0) row.duration_ms = e.duration_ms;
  row.created_at = stored.created_at;
  row.client_timestamp = unless_empty(e.client_timestamp);
  row.metadata = e.metadata;
  row.payload_truncated = e.payload_truncated;
  row.model = unless_empty(e.model);
  row.cost_usd = e.cost_usd;
  row.cache_read_tokens = e.cache_read_tokens;
  row.cache_write_tokens = e.cache_write_tokens;
  row.source = e.source;
  return row;
}

void append_json(std::string& out, const EventRow& row) {
  FieldWriter json(out);
  json.integer("{\"id\":", row.id);
  json.text(",\"event_id\":", row.event_id);
  json.integer(",\"schema_version\":", row.schema_version);
  json.text(",\"session_id\":", row.session_id);
  json.text(",\"agent_type\":", row.agent_type);
  json.text(",\"event_type\":", row.event_type);
  json.text(",\"tool_name\":", row.tool_name);
  json.text(",\"status\":", row.status);
  json.integer(",\"tokens_in\":", row.tokens_in);
  json.integer(",\"tokens_out\":", row.tokens_out);
  json.text(",\"branch\":", row.branch);
  json.text(",\"project\":", row.project);
  json.integer(",\"duration_ms\":", row.duration_ms);
  json.text(",\"created_at\":", row.created_at);
  json.text(",\"client_timestamp\":", row.client_timestamp);
  json.text(",\"metadata\":", row.metadata);
  json.integer(",\"payload_truncated\":", row.payload_truncated);
  json.text(",\"model\":", row.model);
  json.real(",\"cost_usd\":", row.cost_usd);
  json.integer(",\"cache_read_tokens\":", row.cache_read_tokens);
  json.integer(",\"cache_write_tokens\":", row.cache_write_tokens);
  json.text(",\"source\":", row.source);
  out += '}';
}

}  // namespace monitor
