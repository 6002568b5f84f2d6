#include "etag.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include "base/text.h"

namespace net {
namespace {

void append_hex(std::string& out, std::size_t number) {
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number, 16);
  out.append(digits, end);
}

}  // namespace

std::string weak_etag(std::string_view body) {
  std::string etag = "W/\"";
  append_hex(etag, body.size());
  etag += '-';
  append_hex(etag, std::hash<std::string_view>{}(body));
  etag += '"';
  return etag;
}

bool matches_etag(std::string_view if_none_match, std::string_view etag) {
  const auto opaque = [](std::string_view tag) {
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    return tag;
  };
  while (!if_none_match.empty()) {
    const std::size_t comma = std::min(if_none_match.find(','), if_none_match.size());
    const std::string_view tag = base::trim(if_none_match.substr(0, comma));
    if (tag == "*" || opaque(tag) == opaque(etag)) return true;
    if_none_match.remove_prefix(std::min(comma + 1, if_none_match.size()));
  }
  return false;
}

}  // namespace net
