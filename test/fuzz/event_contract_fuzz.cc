#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

#include "base/assert.h"
#include "base/json_reader.h"
#include "monitor/contract.h"

// No body of POST /api/events breaks the contract: what is accepted may be stored as it is.

namespace {

using base::json::Document;

constexpr std::size_t kLimits[] = {0, 1, 2, 3, 40, 43, 64, 256, 1024, 10 * 1024};  // bytes

bool is_trimmed(std::string_view text) { return !text.starts_with(' ') && !text.ends_with(' '); }

void check(const monitor::Event& event, std::size_t max_metadata_bytes) {
  ASSERT(!event.session_id.empty() && is_trimmed(event.session_id));
  ASSERT(!event.agent_type.empty() && is_trimmed(event.agent_type));
  ASSERT(!event.source.empty());
  ASSERT(event.tokens_in >= 0 && event.tokens_out >= 0 && event.duration_ms >= 0);
  ASSERT(event.cache_read_tokens >= 0 && event.cache_write_tokens >= 0);
  ASSERT(!event.cost_usd || *event.cost_usd >= 0);
  ASSERT(event.client_timestamp.empty() || event.client_timestamp.size() == 24);

  ASSERT(Document().parse(event.metadata).ok());
  ASSERT(max_metadata_bytes < 2 || event.metadata.size() <= max_metadata_bytes);
}

void check(const monitor::FieldErrors& errors) {
  ASSERT(!errors.empty());
  ASSERT(Document().parse(monitor::to_json(errors)).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Document document;
  const auto body = monitor::recover_json({reinterpret_cast<const char*>(data), size}, document);
  for (const std::size_t limit : kLimits) {
    const auto parsed = monitor::parse_event(body, {limit});
    if (const auto* event = std::get_if<monitor::Event>(&parsed)) {
      check(*event, limit);
    } else {
      check(std::get<monitor::FieldErrors>(parsed));
    }
  }
  return 0;
}
