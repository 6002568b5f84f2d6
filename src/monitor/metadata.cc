#include "monitor/metadata.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/json_writer.h"

namespace monitor {
namespace {

using base::json::Kind;
using base::json::Member;
using base::json::Value;

constexpr std::string_view kEmpty = "{}";
constexpr std::size_t kUsualBytes = 256;

// What a reader of the feed wants to see of an event even when the rest is too large; this order.
constexpr std::array<std::string_view, 9> kKeyFields = {
    "command", "file_path", "query", "pattern", "error", "message", "tool_name", "path", "type"};

/// A value has at least this many bytes as JSON: known without writing it, exact for no kind.
std::size_t least_bytes(const Value& value) {
  switch (value.kind()) {
    case Kind::string:
      return value.text().size() + 2;
    case Kind::array:
    case Kind::object:
      return value.size() + 1;
    default:
      return 1;
  }
}

/// The key fields of `object` behind the open summary in `out`; false, with `out` in any state,
/// once that is longer than `max_bytes` less the closing brace.
bool append_key_fields(std::string& out, const Value& object, std::size_t max_bytes) {
  std::array<std::optional<Value>, kKeyFields.size()> values;
  for (const Member& member : object.members()) {
    const auto* const at = std::find(kKeyFields.begin(), kKeyFields.end(), member.key);
    if (at != kKeyFields.end())
      values[static_cast<std::size_t>(at - kKeyFields.begin())] = member.value;
  }

  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) continue;
    out.append(",\"").append(kKeyFields[i]).append("\":");
    if (out.size() + least_bytes(*values[i]) >= max_bytes) return false;
    append_value(out, *values[i]);
    if (out.size() >= max_bytes) return false;
  }
  return true;
}

}  // namespace

StoredMetadata to_stored_metadata(const Value& value, std::size_t max_bytes) {
  if (max_bytes < kEmpty.size()) return {std::string(kEmpty), true};
  if (value.is(Kind::null)) return {std::string(kEmpty), false};

  std::string whole;
  whole.reserve(kUsualBytes);
  append_value(whole, value);
  if (whole.size() <= max_bytes) return {std::move(whole), false};

  std::string summary = "{\"_truncated\":true,\"_original_bytes\":";
  base::json::append_int(summary, static_cast<std::int64_t>(whole.size()));
  const std::size_t marks = summary.size();
  if (marks >= max_bytes) return {std::string(kEmpty), true};

  if (value.is(Kind::object) && !append_key_fields(summary, value, max_bytes))
    summary.resize(marks);
  summary += '}';
  return {std::move(summary), true};
}

}  // namespace monitor
