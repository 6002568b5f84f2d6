#include "record_values.h"

#include <fmt/format.h>

#include <cmath>

#include "base/json_writer.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/time_text.h"
#include "json_fields.h"
#include "log_time.h"

namespace agents {
namespace {

using base::Time;

constexpr double kFirstMs = 1e11;  // as seconds the year 5138, as milliseconds 1973
constexpr double kFirstUs = 1e14;
constexpr double kFirstNs = 1e17;
constexpr double kLastMs = 253402300799999;  // 9999-12-31

/// `YYYY-MM-DD HH:MM:SS` or with a T, a fraction perhaps, and no zone.
bool lacks_zone(std::string_view text) {
  constexpr std::size_t kSeconds = 19;
  if (text.size() < kSeconds || (text[10] != ' ' && text[10] != 'T') || text[4] != '-')
    return false;
  return text.find_first_not_of(".0123456789", kSeconds) == text.npos;
}

void append_cut(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      out += "null";
      break;
    case Kind::boolean:
      out += value.truth() ? "true" : "false";
      break;
    case Kind::number:
      out += value.text();
      break;
    case Kind::string:
      if (value.text().size() <= StringShortener::kMaxStringBytes)
        base::json::append_string(out, value.text());
      else
        base::json::append_string(out, cut_text(value.text()));
      break;
    case Kind::array: {
      out += '[';
      const char* comma = "";
      for (const Value element : value.elements()) {
        out += comma;
        append_cut(out, element);
        comma = ",";
      }
      out += ']';
      break;
    }
    case Kind::object: {
      out += '{';
      const char* comma = "";
      for (const auto& [key, member] : value.members()) {
        out += comma;
        base::json::append_string(out, key);
        out += ':';
        append_cut(out, member);
        comma = ",";
      }
      out += '}';
      break;
    }
  }
}

}  // namespace

std::optional<Time> to_time(double since_1970) {
  double ms = since_1970;
  if (ms < kFirstMs)
    ms *= 1e3;
  else if (ms >= kFirstNs)
    ms /= 1e6;
  else if (ms >= kFirstUs)
    ms /= 1e3;
  if (!(ms > 0 && ms <= kLastMs)) return std::nullopt;
  return Time(std::chrono::milliseconds(static_cast<std::int64_t>(ms)));
}

std::optional<Time> parse_time(std::string_view text) {
  if (!lacks_zone(text)) return base::parse_date(text);
  std::string utc(text);
  utc[10] = 'T';
  return base::parse_date(utc + "Z");
}

std::optional<Time> time_at(const Value& object, std::string_view key) {
  const auto value = object.is(Kind::object) ? object.find(key) : std::nullopt;
  return value ? time_of(*value) : std::nullopt;
}

std::string cut_text(std::string_view text) {
  if (text.size() <= StringShortener::kMaxStringBytes) return std::string(text);
  return std::string(base::cut_utf8(text, StringShortener::kMaxStringBytes)).append(kCutMark);
}

std::string to_cut_json(const Value& value) {
  std::string out;
  append_cut(out, value);
  return out;
}

std::string line_id(const Line& line) {
  return fmt::format("{}:{}", line.offset, base::sha256_hex(line.text, 8));
}

std::string text_of(const Value& content) {
  if (content.is(Kind::string)) return std::string(content.text());
  std::string text;
  if (!content.is(Kind::array)) return text;
  for (const Value block : content.elements()) {
    const std::string_view part = block.is(Kind::string) ? block.text() : text_at(block, "text");
    if (part.empty()) continue;
    if (!text.empty()) text += '\n';
    text += part;
  }
  return text;
}

std::string_view file_in(const Value& input) {
  for (const std::string_view key : {"file_path", "filePath", "target_file", "path", "targetFile",
                                     "relativeWorkspacePath", "effectiveUri"})
    if (const auto file = text_at(input, key); !file.empty()) return file;
  return {};
}

}  // namespace agents
