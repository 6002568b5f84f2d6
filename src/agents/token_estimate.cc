#include "agents/token_estimate.h"

#include <cstddef>

namespace agents {
namespace {

/// How many bytes of white space `text` begins with, 0 or those of one character.
std::size_t space_length(std::string_view text) {
  const auto byte = [&text](std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
  };
  const unsigned first = byte(0);
  if (first == ' ' || (first >= '\t' && first <= '\r')) return 1;
  if (first < 0x80) return 0;
  if (first == 0xC2) return byte(1) == 0x85 || byte(1) == 0xA0 ? 2 : 0;
  const unsigned character = (first & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
  if (first < 0xE1 || first > 0xE3 || text.size() < 3) return 0;
  const bool is_space = character == 0x1680 || (character >= 0x2000 && character <= 0x200A) ||
                        character == 0x2028 || character == 0x2029 || character == 0x202F ||
                        character == 0x205F || character == 0x3000;
  return is_space ? 3 : 0;
}

}  // namespace

std::int64_t estimate_tokens(std::string_view text) {
  std::int64_t words = 0;
  bool is_inside = false;
  while (!text.empty()) {
    const std::size_t space = space_length(text);
    words += space == 0 && !is_inside;
    is_inside = space == 0;
    text.remove_prefix(space == 0 ? 1 : space);
  }
  return words * 13 / 10;
}

}  // namespace agents
