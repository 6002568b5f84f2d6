#include "monitor/transcript.h"

#include <fmt/format.h>

#include <array>

#include "base/json_reader.h"
#include "base/json_truth.h"
#include "base/json_writer.h"
#include "base/utf8.h"

namespace monitor {
namespace {

using base::Result;
using base::json::Kind;
using base::json::Value;

// What tells most about an event; of these the first that says something.
constexpr std::array<std::string_view, 8> kDetails = {"message",   "content_preview", "command",
                                                      "file_path", "pattern",         "query",
                                                      "error",     "diff_preview"};

std::string_view role_of(std::string_view event_type) {
  if (event_type == "session_start" || event_type == "session_end") return "system";
  if (event_type == "user_prompt") return "user";
  return event_type == "tool_use" ? "tool" : "assistant";
}

std::optional<Value> find_detail(const Value& metadata, std::string_view event_type) {
  if (!metadata.is(Kind::object)) return std::nullopt;
  for (const std::string_view name : kDetails) {
    if (name == "message" && event_type != "user_prompt") continue;
    auto value = metadata.find(name);
    if (value && name == "error" && !value->is(Kind::string))
      value = value->is(Kind::object) ? value->find("message") : std::nullopt;
    if (value && base::json::is_truthy(*value)) return value;
  }
  return std::nullopt;
}

bool says_something(const EventRow::Text& text) { return text && !text->empty(); }

}  // namespace

void append_transcript_entry(std::string& out, const EventRow& event) {
  base::json::Writer json(out);
  json.begin_object().key("role").value(role_of(event.event_type));
  json.key("type").value(base::to_utf8(event.event_type));
  json.key("timestamp")
      .value(base::to_utf8(says_something(event.client_timestamp) ? *event.client_timestamp
                                                                  : event.created_at));
  if (says_something(event.tool_name)) json.key("tool_name").value(base::to_utf8(*event.tool_name));
  if (event.metadata && *event.metadata != "{}") {
    static thread_local base::json::Document document;
    const auto metadata = document.parse(*event.metadata);
    if (metadata) {
      if (const auto detail = find_detail(*metadata, event.event_type)) {
        json.key("detail").raw("");
        append_value(out, *detail);
      }
    }
  }
  if (event.status != "success") json.key("status").value(event.status);
  if (says_something(event.model)) json.key("model").value(base::to_utf8(*event.model));
  if (event.tokens_in.value_or(0) > 0) json.key("tokens_in").value(*event.tokens_in);
  if (event.tokens_out.value_or(0) > 0) json.key("tokens_out").value(*event.tokens_out);
  if (event.cost_usd.value_or(0) > 0) json.key("cost_usd").value(*event.cost_usd);
  if (event.duration_ms.value_or(0) != 0) json.key("duration_ms").value(*event.duration_ms);
  json.end_object();
}

Result<TranscriptPage> read_transcript(store::Database& db, const std::string& session_id,
                                       const std::optional<EventPosition>& after,
                                       std::int64_t limit) {
  TRY(auto rows, db.prepare(fmt::format("SELECT {} FROM events WHERE session_id = ?1 "
                                        "AND (created_at, id) > (?2, ?3) "
                                        "ORDER BY created_at, id LIMIT ?4",
                                        kEventRowColumns)));
  const EventPosition begin = after.value_or(EventPosition{});
  rows.bind(session_id, begin.created_at, begin.id, limit);
  TranscriptPage page;
  for (;;) {
    TRY(const bool found, rows.step());
    if (!found) return page;
    const EventRow event = to_row(rows);
    if (page.count++ > 0) page.entries += ',';
    append_transcript_entry(page.entries, event);
    page.end = EventPosition{std::string(event.created_at), event.id};
  }
}

}  // namespace monitor
