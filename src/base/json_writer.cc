#include "base/json_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <unordered_map>
#include <vector>

namespace base::json {
namespace {

constexpr std::array<bool, 256> kNeedsEscape = [] {
  std::array<bool, 256> needs{};
  for (std::size_t c = 0; c < 0x20; ++c) needs[c] = true;
  needs['"'] = needs['\\'] = true;
  return needs;
}();

/// Whether any of eight bytes may need an escape; a byte above one that does may seem to.
/// "Determine if a word has a byte less than n", Bit Twiddling Hacks, Sean Eron Anderson.
bool may_need_escape(std::uint64_t bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHighs = kOnes << 7;
  const auto has_below = [](std::uint64_t word, std::uint64_t limit) {
    return (word - kOnes * limit) & ~word & kHighs;
  };
  return (has_below(bytes, 0x20) | has_below(bytes ^ kOnes * '"', 1) |
          has_below(bytes ^ kOnes * '\\', 1)) != 0;
}

/// The position of the first byte from `begin` on that needs an escape, or the size.
std::size_t find_escape(std::string_view text, std::size_t begin) {
  std::size_t i = begin;
  for (std::uint64_t bytes = 0; i + sizeof bytes <= text.size(); i += sizeof bytes) {
    std::memcpy(&bytes, text.data() + i, sizeof bytes);
    if (!may_need_escape(bytes)) continue;
    for (std::size_t end = i + sizeof bytes; i < end; ++i)
      if (kNeedsEscape[static_cast<unsigned char>(text[i])]) return i;
    i -= sizeof bytes;
  }
  while (i < text.size() && !kNeedsEscape[static_cast<unsigned char>(text[i])]) ++i;
  return i;
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default: {
      constexpr char kHex[] = "0123456789abcdef";
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[c & 15];
    }
  }
}

/// The literal of an integer that reads and writes the same; -0 is none.
bool is_plain_integer(std::string_view literal) {
  if (literal == "-0") return false;
  return std::all_of(literal.begin(), literal.end(),
                     [](char c) { return (c >= '0' && c <= '9') || c == '-'; });
}

constexpr std::uint64_t kNoIndex = ~std::uint64_t{0};

/// The number of a key that JavaScript treats as an array index (0 to 2^32 - 2, canonical).
std::uint64_t array_index(std::string_view key) {
  if (key.empty() || key.size() > 10 || (key.size() > 1 && key[0] == '0')) return kNoIndex;
  std::uint64_t index = 0;
  for (char c : key) {
    if (c < '0' || c > '9') return kNoIndex;
    index = index * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return index < 0xFFFFFFFF ? index : kNoIndex;
}

/// The members in JavaScript's order, equal keys folded.
std::vector<Member> ordered_members(const Value& object) {
  std::vector<Member> members;
  members.reserve(object.size());
  constexpr std::uint32_t kFew = 16;
  std::unordered_map<std::string_view, std::size_t> places;  // used only where members are many
  bool has_index = false;
  for (const Member& member : object.members()) {
    auto same = members.end();
    if (object.size() <= kFew) {
      same = std::find_if(members.begin(), members.end(),
                          [&](const Member& m) { return m.key == member.key; });
    } else if (const auto [place, is_new] = places.emplace(member.key, members.size()); !is_new) {
      same = members.begin() + static_cast<std::ptrdiff_t>(place->second);
    }
    if (same != members.end()) {
      same->value = member.value;
      continue;
    }
    has_index = has_index || array_index(member.key) != kNoIndex;
    members.push_back(member);
  }
  if (has_index)
    std::stable_sort(members.begin(), members.end(), [](const Member& a, const Member& b) {
      return array_index(a.key) < array_index(b.key);
    });
  return members;
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t begin = 0;;) {
    const std::size_t end = find_escape(text, begin);
    out.append(text, begin, end - begin);
    if (end == text.size()) break;
    append_escaped(out, text[end]);
    begin = end + 1;
  }
  out += '"';
}

void append_int(std::string& out, std::int64_t value) {
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, end);
}

// ECMA-262 Number::toString: plain digits for exponents from -6 to 20, else d.ddde+XX.
void append_double(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  if (value == 0) {
    out += '0';
    return;
  }
  char buffer[32];
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  if (text.front() == '-') {
    out += '-';
    text.remove_prefix(1);
  }
  const std::size_t e = text.find('e');
  int exponent = 0;
  const char* exponent_begin = text.data() + e + (text[e + 1] == '+' ? 2 : 1);
  std::from_chars(exponent_begin, text.data() + text.size(), exponent);
  std::string digits(1, text[0]);
  if (e > 2) digits.append(text.substr(2, e - 2));
  const int count = static_cast<int>(digits.size());

  if (exponent >= 21 || exponent < -6) {
    out += digits[0];
    if (count > 1) out.append(1, '.').append(digits, 1);
    out += exponent < 0 ? "e-" : "e+";
    append_int(out, std::abs(exponent));
  } else if (exponent < 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-exponent - 1), '0').append(digits);
  } else if (count <= exponent + 1) {
    out.append(digits).append(static_cast<std::size_t>(exponent + 1 - count), '0');
  } else {
    const auto whole = static_cast<std::size_t>(exponent + 1);
    out.append(digits, 0, whole).append(1, '.').append(digits, whole);
  }
}

void append_value(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      out += "null";
      return;
    case Kind::boolean:
      out += value.truth() ? "true" : "false";
      return;
    case Kind::number:
      if (is_plain_integer(value.text())) {
        out += value.text();
      } else {
        append_double(out, value.to_double());
      }
      return;
    case Kind::string:
      append_string(out, value.text());
      return;
    case Kind::array: {
      char separator = '[';
      for (const Value& element : value.elements()) {
        out += separator;
        append_value(out, element);
        separator = ',';
      }
      out += separator == '[' ? "[]" : "]";
      return;
    }
    case Kind::object: {
      char separator = '{';
      for (const Member& member : ordered_members(value)) {
        out += separator;
        append_string(out, member.key);
        out += ':';
        append_value(out, member.value);
        separator = ',';
      }
      out += separator == '{' ? "{}" : "}";
      return;
    }
  }
}

}  // namespace base::json
