#include "terminal_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace app {
namespace {

struct Range {
  char32_t first, last;
};

// C0 and C1 controls, separators of lines and paragraphs, marks and overrides of the direction.
constexpr std::array<Range, 6> kControls = {{{0x00, 0x1F},
                                             {0x7F, 0x9F},
                                             {0x200E, 0x200F},
                                             {0x2028, 0x202E},
                                             {0x2066, 0x2069},
                                             {0xFEFF, 0xFEFF}}};
constexpr std::array<Range, 5> kCombining = {
    {{0x0300, 0x036F}, {0x200B, 0x200D}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xE0100, 0xE01EF}}};
constexpr std::array<Range, 12> kWide = {{{0x1100, 0x115F},
                                          {0x2E80, 0x303E},
                                          {0x3041, 0x4DBF},
                                          {0x4E00, 0xA4CF},
                                          {0xAC00, 0xD7A3},
                                          {0xF900, 0xFAFF},
                                          {0xFE30, 0xFE6F},
                                          {0xFF00, 0xFF60},
                                          {0xFFE0, 0xFFE6},
                                          {0x1F300, 0x1F64F},
                                          {0x1F680, 0x1F9FF},
                                          {0x20000, 0x3FFFD}}};

template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](Range range) { return c >= range.first && c <= range.last; });
}

struct Character {
  char32_t code = 0xFFFD;
  std::size_t bytes = 1;
};

/// The character at the start of `text`, which is not empty; U+FFFD of one byte when it is broken.
Character first_of(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return {byte(0), 1};
  const std::size_t bytes = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : byte(0) >= 0xC2 ? 2 : 0;
  if (bytes == 0 || byte(0) > 0xF4 || text.size() < bytes) return {};
  char32_t code = byte(0) & (0x7F >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3F);
  }
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < kSmallest[bytes] || code > 0x10FFFF || is_surrogate) return {};
  return {code, bytes};
}

std::size_t width_of(char32_t code) {
  if (is_in(kCombining, code)) return 0;
  return is_in(kWide, code) ? 2 : 1;
}

}  // namespace

std::string printable(std::string_view text, std::size_t columns) {
  std::string line;
  std::size_t width = 0, fitting = 0;  // bytes of `line` that leave room for the mark
  while (!text.empty()) {
    const Character c = first_of(text);
    const bool is_control = is_in(kControls, c.code);
    const std::size_t wide = is_control ? 1 : width_of(c.code);
    if (width + wide > columns) return line.substr(0, fitting) + "…";
    if (is_control) {
      line += ' ';
    } else if (c.code == 0xFFFD) {
      line += "\uFFFD";
    } else {
      line += text.substr(0, c.bytes);
    }
    width += wide;
    if (width < columns) fitting = line.size();
    text.remove_prefix(c.bytes);
  }
  return line;
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Character c = first_of(text);
    columns += width_of(c.code);
    text.remove_prefix(c.bytes);
  }
  return columns;
}

}  // namespace app
