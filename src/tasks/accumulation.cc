#include "tasks/accumulation.h"

#include "base/json_reader.h"
#include "base/json_writer.h"

namespace tasks {
namespace {

using base::json::Document;
using base::json::Kind;

/// `data` with the text of one of its members cut out.
struct Cut {
  Json rest;
  std::size_t place = 0;
  std::string text;  // escaped
};

/// False when `data` is no object with a string of this name.
bool cut(const Json& data, std::string_view field, Cut& out) {
  static thread_local Document document;
  if (data.empty() || data.front() != '{') return false;
  const auto parsed = document.parse(data);
  if (!parsed || !parsed->is(Kind::object)) return false;
  const auto value = parsed->find(field);
  if (!value || !value->is(Kind::string)) return false;
  base::json::Writer json(out.rest);
  json.begin_object();
  for (const base::json::Member& member : parsed->members()) {
    if (member.key == field) continue;  // also where it stands more than once: the last counts
    std::string text;
    base::json::append_value(text, member.value);
    json.escaped_key(member.key).raw(text);
  }
  json.escaped_key(field).raw("\"\"");
  out.place = out.rest.size() - 1;
  json.end_object();
  std::string quoted;
  base::json::append_string(quoted, value->text());
  out.text.assign(quoted, 1, quoted.size() - 2);
  return true;
}

}  // namespace

void Accumulation::add(const Event& event) {
  Cut next;
  const bool is_text = cut(event.data, event.effective_field(), next);
  if (!is_text) {
    text_.clear();
  } else if (is_text_ && newest_.effective_field() == event.effective_field()) {
    text_ += next.text;
  } else {
    // Another member than before: what it held in the last event is the beginning.
    Cut before;
    const bool goes_on = !is_empty() && cut(data(), event.effective_field(), before);
    text_ = goes_on ? before.text + next.text : std::move(next.text);
  }
  newest_ = event;
  is_text_ = is_text;
  if (is_text) {
    newest_.data = std::move(next.rest);
    place_ = next.place;
  }
}

Json Accumulation::data() const {
  if (!is_text_) return newest_.data;
  Json data;
  data.reserve(newest_.data.size() + text_.size());
  data.append(newest_.data, 0, place_).append(text_).append(newest_.data, place_);
  return data;
}

Event Accumulation::event() const {
  Event event = newest_;
  event.data = data();
  return event;
}

}  // namespace tasks
