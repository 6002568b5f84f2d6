#include "json_text.h"

#include "base/json_writer.h"
#include "base/text.h"
#include "json_fields.h"

namespace agents {
namespace {

bool write_cut(base::json::Writer& json, std::string_view text, std::size_t max_string) {
  if (text.size() <= max_string) {
    json.value(text);
    return false;
  }
  json.value(std::string(base::cut_utf8(text, max_string)).append(kCutMark));
  return true;
}

bool write_cut(base::json::Writer& json, const Value& value, std::size_t max_string) {
  bool is_cut = false;
  switch (value.kind()) {
    case Kind::null:
      json.null();
      break;
    case Kind::boolean:
      json.value(value.truth());
      break;
    case Kind::number:
      json.raw(value.text());
      break;
    case Kind::string:
      return write_cut(json, value.text(), max_string);
    case Kind::array:
      json.begin_array();
      for (const Value& element : value.elements()) is_cut |= write_cut(json, element, max_string);
      json.end_array();
      break;
    case Kind::object:
      json.begin_object();
      for (const auto& [key, member] : value.members()) {
        json.escaped_key(base::cut_utf8(key, max_string));
        is_cut |= key.size() > max_string;
        is_cut |= write_cut(json, member, max_string);
      }
      json.end_object();
      break;
  }
  return is_cut;
}

template <class Source>
bool append_bounded(std::string& out, const Source& source) {
  const std::size_t begin = out.size();
  bool is_cut = append_cut(out, source);
  if (out.size() - begin <= kMaxInputBytes) return is_cut;
  out.resize(begin);
  append_cut(out, source, 1024);
  if (out.size() - begin <= kMaxInputBytes) return true;
  // In a JSON text at most every byte has to be escaped, with one more.
  const std::string whole = out.substr(begin, kMaxInputBytes / 4);
  out.resize(begin);
  append_cut(out, whole, whole.size() - 1);
  return true;
}

}  // namespace

bool append_cut(std::string& out, const Value& value, std::size_t max_string) {
  base::json::Writer json(out);
  return write_cut(json, value, max_string);
}

bool append_cut(std::string& out, std::string_view text, std::size_t max_string) {
  base::json::Writer json(out);
  return write_cut(json, text, max_string);
}

bool append_input(std::string& out, const Value& value) { return append_bounded(out, value); }

bool append_input(std::string& out, std::string_view text) { return append_bounded(out, text); }

std::string message_text(const Value& content) {
  if (content.is(Kind::string)) return std::string(content.text());
  std::string text;
  if (!content.is(Kind::array)) return text;
  bool is_first = true;
  for (const Value& block : content.elements()) {
    if (!text_at(block, "type").ends_with("text")) continue;
    if (!is_first) text += '\n';
    is_first = false;
    text += text_at(block, "text");
  }
  return text;
}

}  // namespace agents
