#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "net/http.h"

// No query string makes the reader invent a value, and what was decoded once, encoded again, is
// decoded to the same.

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// Every byte as an escape: nothing in it means anything else.
std::string escaped(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789aBcDeF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out.append({'%', kDigits[byte >> 4], kDigits[byte & 0x0F]});
  }
  return out;
}

bool has_broken_escape(std::string_view text) {
  const auto is_hex = [&](std::size_t at) {
    return at < text.size() &&
           std::string_view("0123456789abcdefABCDEF").find(text[at]) != std::string_view::npos;
  };
  for (std::size_t i = text.find('%'); i != text.npos; i = text.find('%', i + 1))
    if (!is_hex(i + 1) || !is_hex(i + 2)) return true;
  return false;
}

void check_percent_decode(std::string_view text) {
  for (const bool plus_is_space : {false, true}) {
    const auto decoded = net::percent_decode(text, plus_is_space);
    ASSERT(decoded.has_value() == !has_broken_escape(text));
    if (!decoded) continue;
    ASSERT(decoded->size() <= text.size());
    ASSERT(net::percent_decode(escaped(*decoded), plus_is_space) == decoded);
    const bool is_plain = text.find_first_of("%+") == text.npos;
    if (is_plain) ASSERT(*decoded == text);
  }
}

/// The first value that `pairs` have for `name`, counted by other means than the reader's.
std::string_view first_of(const Pairs& pairs, std::string_view name) {
  const auto found = std::find_if(pairs.begin(), pairs.end(),
                                  [&](const auto& pair) { return pair.first == name; });
  return found == pairs.end() ? std::string_view() : std::string_view(found->second);
}

void check_query(std::string_view raw) {
  const net::Query query(raw);
  const Pairs& pairs = query.pairs();
  ASSERT(pairs.size() <= static_cast<std::size_t>(std::count(raw.begin(), raw.end(), '&')) + 1);
  for (const auto& [name, value] : pairs) ASSERT(query.first(name) == first_of(pairs, name));
  for (const std::string_view name : {std::string_view(), raw, std::string_view("limit")})
    ASSERT(query.first(name) == first_of(pairs, name));

  std::string again;
  for (const auto& [name, value] : pairs) {
    if (!again.empty()) again += '&';
    again.append(escaped(name)).append("=").append(escaped(value));
  }
  ASSERT(net::Query(again).pairs() == pairs);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_percent_decode(text);
  check_query(text);
  return 0;
}
