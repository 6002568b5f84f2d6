#include "collector/event_ids.h"

#include <fmt/format.h>

#include <initializer_list>

#include "base/sha256.h"

namespace collector {
namespace {

/// A UUID of the form of RFC 9562, version 5, its bits from SHA-256. Each name goes in with its
/// length, so that no two lists of names are the same bytes.
std::string name_uuid(std::initializer_list<std::string_view> names) {
  base::Sha256 hash;
  for (const std::string_view name : names) {
    hash.add(fmt::format("{}:", name.size()));
    hash.add(name);
  }
  base::Sha256::Digest digest = hash.finish();
  digest[6] = static_cast<std::uint8_t>((digest[6] & 0x0f) | 0x50);
  digest[8] = static_cast<std::uint8_t>((digest[8] & 0x3f) | 0x80);
  const std::string hex = base::to_hex(digest, 32);
  const std::string_view h = hex;
  return fmt::format("{}-{}-{}-{}-{}", h.substr(0, 8), h.substr(8, 4), h.substr(12, 4),
                     h.substr(16, 4), h.substr(20));
}

}  // namespace

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool fits = is_dash ? text[i] == '-'
                              : std::string_view("0123456789abcdefABCDEF").find(text[i]) !=
                                    std::string_view::npos;
    if (!fits) return false;
  }
  return true;
}

std::string event_id(std::string_view agent, std::string_view session, std::string_view native_id) {
  return name_uuid({"event", agent, session, native_id});
}

std::string session_uuid(std::string_view original) {
  return is_uuid(original) ? std::string(original) : name_uuid({"session", original});
}

std::string reference_event_hash(std::string_view agent_id, std::string_view event_type,
                                 std::int64_t epoch_seconds,
                                 std::optional<std::string_view> request_id) {
  return base::sha256_hex(fmt::format("{}:{}:{}:{}", agent_id, event_type, epoch_seconds,
                                      request_id.value_or("<nil>")));
}

}  // namespace collector
