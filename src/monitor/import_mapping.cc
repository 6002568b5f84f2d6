#include "monitor/import_mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "agents/patch.h"
#include "base/assert.h"
#include "base/json_writer.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/time_text.h"
#include "monitor/metadata.h"

namespace monitor {
namespace {

using agents::Record;
using base::json::Kind;
using base::json::Value;
using base::json::Writer;

constexpr std::size_t kPreviewUnits = 500;  // of UTF-16
constexpr std::size_t kCommandUnits = 200;
constexpr std::size_t kIdDigits = 32;

EventType claude_type(std::string_view type) {
  if (type == "tool_use" || type == "tool_result") return EventType::tool_use;
  if (type == "assistant") return EventType::llm_response;
  if (type == "error") return EventType::error;
  if (type == "session_start") return EventType::session_start;
  if (type == "session_end") return EventType::session_end;
  return EventType::response;
}

/// A text as it is, everything else as JSON.
std::string to_text(const Value& value) {
  if (value.is(Kind::string)) return std::string(value.text());
  std::string out;
  base::json::append_value(out, value);
  return out;
}

/// `content`: a text, or the texts of its blocks.
std::string preview_of(const Value& content) {
  if (content.is(Kind::string)) return std::string(content.text());
  std::string joined;
  if (!content.is(Kind::array)) return joined;
  bool first = true;
  for (const Value block : content.elements()) {
    const auto text = block.is(Kind::object) ? block.find("text") : std::nullopt;
    if (!text || !text->is(Kind::string)) continue;
    if (!first) joined += '\n';
    joined += text->text();
    first = false;
  }
  return joined;
}

/// Parts between line ends; a text without any has one, an empty one none.
std::int64_t lines_in(std::string_view text) {
  return text.empty() ? 0 : 1 + std::count(text.begin(), text.end(), '\n');
}

std::int64_t lines_at(const Value& object, std::string_view key) {
  const auto text = object.is(Kind::object) ? object.find(key) : std::nullopt;
  return text && text->is(Kind::string) ? lines_in(text->text()) : 0;
}

void write_lines(Writer& json, const Record& record) {
  const Value& input = *record.input;
  std::int64_t removed = 0, added = 0;
  if (record.tool_name == "Write") {
    added = lines_at(input, "content");
  } else if (record.tool_name == "Edit" || record.tool_name == "MultiEdit") {
    removed = lines_at(input, "old_string");
    added = lines_at(input, "new_string");
    const auto edits = input.find("edits");
    if (edits && edits->is(Kind::array)) {
      for (const Value edit : edits->elements()) {
        removed += lines_at(edit, "old_string");
        added += lines_at(edit, "new_string");
      }
    }
  }
  if (removed > 0) json.key("lines_removed").value(removed);
  if (added > 0) json.key("lines_added").value(added);
}

void write_input(Writer& json, const Record& record) {
  const auto text = [&](std::string_view key) {
    const auto value = record.input->find(key);
    return value && !value->is(Kind::null) ? to_text(*value) : std::string();
  };
  if (const std::string command = text("command"); !command.empty())
    json.key("command").value(base::cut_utf16(command, kCommandUnits));
  for (const std::string_view key : {"file_path", "pattern", "query"})
    if (const std::string value = text(key); !value.empty()) json.key(key).value(value);
  write_lines(json, record);
}

std::string claude_metadata(const Record& record) {
  std::string out;
  Writer json(out);
  json.begin_object();
  if (record.error) {
    const auto message =
        record.error->is(Kind::object) ? record.error->find("message") : std::nullopt;
    const Value& said = message ? *message : *record.error;
    if (said.is(Kind::string) && !said.text().empty()) json.key("error").value(said.text());
  }
  std::string preview = record.content ? preview_of(*record.content) : std::string();
  if (record.type == "tool_result" && record.output && !record.output->is(Kind::null))
    preview = to_text(*record.output);
  if (!preview.empty()) json.key("content_preview").value(base::cut_utf16(preview, kPreviewUnits));
  if (record.type == "tool_use" && record.input) write_input(json, record);
  json.end_object();
  return out;
}

std::string codex_metadata(const Record& record) {
  std::string out;
  Writer json(out);
  json.begin_object();
  switch (record.kind) {
    case Record::Kind::session_start:
      if (!record.originator.empty()) json.key("cli_version").value(record.originator);
      if (!record.working_directory.empty()) json.key("cwd").value(record.working_directory);
      break;
    case Record::Kind::usage:
      json.key("_synthetic").value(true).key("_source").value("codex_session_jsonl");
      break;
    case Record::Kind::patch:
      if (const auto patch = agents::summarize_patch(record.text)) {
        json.key("file_path").value(patch->file_path);
        json.key("lines_added").value(patch->lines_added);
        json.key("lines_removed").value(patch->lines_removed);
      }
      break;
    default:
      json.key("total_tokens_in").value(record.usage->input);
      json.key("total_tokens_out").value(record.usage->output);
      json.key("total_cache_read").value(record.usage->cache_read);
  }
  json.end_object();
  return out;
}

/// What tells a Codex event from the others of its session.
std::string codex_id(const Record& record) {
  switch (record.kind) {
    case Record::Kind::session_start:
      return "meta";
    case Record::Kind::usage:
      return fmt::format("token:{}", record.ordinal);
    case Record::Kind::patch:
      return fmt::format("patch:{}", record.ordinal);
    default:
      return "end";
  }
}

void set_usage(const agents::Usage& usage, Event& event) {
  event.tokens_in = usage.input;
  event.tokens_out = usage.output;
  event.cache_read_tokens = usage.cache_read;
  event.cache_write_tokens = usage.cache_write;
  event.cache_write_1h_tokens = usage.cache_write_1h;
  event.reasoning_tokens = usage.reasoning;
  event.input_includes_cache = usage.input_includes_cache;
}

}  // namespace

std::optional<Event> ImportMapping::map(const Record& record) {
  if (!is_wanted(record)) return std::nullopt;
  Event event = agent_ == agents::Agent::codex ? map_codex(record) : map_claude(record);
  event.session_id = record.session_id;
  event.parent_session_id = record.parent_session_id;
  event.source = kImportSource;
  event.client_timestamp = record.timestamp;
  event.project = base::last_component(record.working_directory);
  event.branch = record.branch;
  event.model = record.model;
  return event;
}

std::string ImportMapping::save() const {
  return cost_so_far_ == 0 ? std::string() : fmt::format("{}", cost_so_far_);
}

void ImportMapping::restore(std::string_view state) {
  cost_so_far_ = state.empty() ? 0 : std::strtod(std::string(state).c_str(), nullptr);
}

Event ImportMapping::map_claude(const Record& record) {
  Event event;
  event.agent_type = "claude_code";
  event.event_type = claude_type(record.type);
  event.event_id = "import-cc-" + base::sha256_hex(fmt::format("claude-code:{}:{}",
                                                               record.session_id, record.index),
                                                   kIdDigits);
  if (event.event_type == EventType::tool_use) event.tool_name = record.tool_name;
  event.status = record.is_error ? EventStatus::error : EventStatus::success;
  event.duration_ms = record.duration_ms;
  if (record.usage) {
    set_usage(*record.usage, event);
    if (!record.message_id.empty())
      event.usage_key = base::sha256_hex(
          fmt::format("claude:{}:{}", record.message_id, record.request_id), kIdDigits);
  }
  set_claude_cost(record, event);
  store_metadata(claude_metadata(record), event);
  return event;
}

/// Of a message with an id the cost is the message's own; otherwise it is a running total.
void ImportMapping::set_claude_cost(const Record& record, Event& event) {
  if (!record.cost_usd) return;
  if (!record.message_id.empty()) {
    if (*record.cost_usd > 0) event.cost_usd = record.cost_usd;
    return;
  }
  const double step = *record.cost_usd - cost_so_far_;
  cost_so_far_ = *record.cost_usd;
  if (step > 0) event.cost_usd = step;
}

Event ImportMapping::map_codex(const Record& record) {
  Event event;
  event.agent_type = "codex";
  event.event_id =
      "import-cdx-" +
      base::sha256_hex(fmt::format("codex:{}:{}", record.session_id, codex_id(record)), kIdDigits);
  switch (record.kind) {
    case Record::Kind::session_start:
      event.event_type = EventType::session_start;
      break;
    case Record::Kind::usage:
      event.event_type = EventType::llm_response;
      set_usage(*record.usage, event);
      if (!record.message_id.empty())
        event.usage_key = base::sha256_hex(fmt::format("codex:{}", record.message_id), kIdDigits);
      break;
    case Record::Kind::patch:
      event.event_type = EventType::tool_use;
      event.tool_name = record.tool_name;
      break;
    default:
      event.event_type = EventType::session_end;
  }
  store_metadata(codex_metadata(record), event);
  return event;
}

/// Claude Code: line by line, and one without a time is always wanted. Codex: by the session.
bool ImportMapping::is_wanted(const Record& record) {
  if (!limits_.from && !limits_.to) return true;
  const auto is_in = [this](std::string_view timestamp) {
    const auto at = base::parse_date(timestamp);
    return !at || ((!limits_.from || *at >= *limits_.from) && (!limits_.to || *at <= *limits_.to));
  };
  if (agent_ == agents::Agent::claude_code) return is_in(record.timestamp);
  if (!session_is_decided_ && record.kind == Record::Kind::session_start) {
    session_is_decided_ = true;
    session_is_wanted_ = is_in(record.text.empty() ? record.timestamp : record.text);
  }
  return session_is_wanted_;
}

void ImportMapping::store_metadata(std::string json, Event& event) {
  if (json.size() <= limits_.max_metadata_bytes) {
    event.metadata = std::move(json);
    return;
  }
  const auto parsed = document_.parse(json);
  ASSERT(parsed.ok());  // we wrote it
  StoredMetadata stored = to_stored_metadata(*parsed, limits_.max_metadata_bytes);
  event.metadata = std::move(stored.json);
  event.payload_truncated = stored.truncated;
}

}  // namespace monitor
