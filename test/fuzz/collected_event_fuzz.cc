#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/assert.h"
#include "base/json_reader.h"
#include "collector/event.h"
#include "monitor/collected.h"

// No event that a collector sends breaks those that take it in: what the collector reads back it
// writes as something that it reads again, and what the monitor accepts may be stored as it is.

namespace {

using base::json::Document;
using base::json::Value;

constexpr std::size_t kLimits[] = {0, 2, 64, 1024, 10 * 1024};  // bytes

void check_collector(const Value& json) {
  const auto event = collector::parse_event(json);
  if (!event) {
    ASSERT(!event.error().what.empty());
    return;
  }
  const std::string written = collector::to_json(*event);
  Document document;
  const auto read = document.parse(written);
  ASSERT(read.ok());
  const auto again = collector::parse_event(*read);
  ASSERT(again.ok());
  ASSERT(collector::to_json(*again) == written);
}

void check_monitor(const Value& json, std::size_t limit) {
  const auto parsed = monitor::parse_collected_event(json, {limit});
  if (const auto* errors = std::get_if<monitor::FieldErrors>(&parsed)) {
    ASSERT(!errors->empty());
    ASSERT(Document().parse(monitor::to_json(*errors)).ok());
    return;
  }
  const auto& event = std::get<monitor::Event>(parsed);
  ASSERT(!event.event_id.empty() && !event.session_id.empty() && !event.agent_type.empty());
  ASSERT(event.tokens_in >= 0 && event.tokens_out >= 0 && event.duration_ms >= 0);
  ASSERT(event.cache_read_tokens >= 0 && event.cache_write_tokens >= 0);
  ASSERT(!event.cost_usd || *event.cost_usd >= 0);
  ASSERT(event.client_timestamp.empty() || event.client_timestamp.size() == 24);
  ASSERT(Document().parse(event.metadata).ok());
  ASSERT(limit < 2 || event.metadata.size() <= limit);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Document document;
  const auto json = document.parse({reinterpret_cast<const char*>(data), size});
  if (!json) return 0;
  check_collector(*json);
  for (const std::size_t limit : kLimits) check_monitor(*json, limit);
  return 0;
}
