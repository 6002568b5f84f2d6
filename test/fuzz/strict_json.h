#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/json_reader.h"

/// Whether a text is what base::json promises to accept, told byte by byte from the grammar of RFC
/// 8259 and without a line of the reader: UTF-8 throughout, one value between white space,
/// containers at most base::json::kMaxDepth deep, lone surrogate escapes legal.
class StrictJson {
 public:
  explicit StrictJson(std::string_view text) : rest_(text) {}

  bool accepts() {
    if (!is_utf8(rest_)) return false;
    space();
    if (!value(0)) return false;
    space();
    return rest_.empty();
  }

 private:
  static bool is_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
      const auto lead = static_cast<unsigned char>(text[at]);
      const int more = lead < 0x80 ? 0 : lead < 0xC2 ? -1 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
      if (more < 0 || lead > 0xF4 || text.size() - at <= static_cast<std::size_t>(more))
        return false;
      std::uint32_t code = more == 0 ? lead : lead & (0x3F >> more);
      for (int i = 1; i <= more; ++i) {
        const auto byte = static_cast<unsigned char>(text[at + static_cast<std::size_t>(i)]);
        if (byte >> 6 != 2) return false;
        code = code << 6 | (byte & 0x3F);
      }
      if (more == 2 && (code < 0x800 || (code >= 0xD800 && code < 0xE000))) return false;
      if (more == 3 && (code < 0x10000 || code > 0x10FFFF)) return false;
      at += static_cast<std::size_t>(more) + 1;
    }
    return true;
  }

  bool next_is(std::string_view set) const {
    return !rest_.empty() && set.find(rest_.front()) != std::string_view::npos;
  }
  bool take(std::string_view set) {
    if (!next_is(set)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool word(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  void space() {
    while (take(" \t\n\r")) {
    }
  }
  bool digits() {
    if (!take("0123456789")) return false;
    while (take("0123456789")) {
    }
    return true;
  }

  bool value(std::size_t depth) {
    if (next_is("{")) return depth < base::json::kMaxDepth && object(depth);
    if (next_is("[")) return depth < base::json::kMaxDepth && array(depth);
    if (next_is("\"")) return string();
    return word("null") || word("true") || word("false") || number();
  }

  bool object(std::size_t depth) {
    take("{");
    space();
    if (take("}")) return true;
    do {
      space();
      if (!string()) return false;
      space();
      if (!take(":")) return false;
      space();
      if (!value(depth + 1)) return false;
      space();
    } while (take(","));
    return take("}");
  }

  bool array(std::size_t depth) {
    take("[");
    space();
    if (take("]")) return true;
    do {
      space();
      if (!value(depth + 1)) return false;
      space();
    } while (take(","));
    return take("]");
  }

  bool string() {
    if (!take("\"")) return false;
    while (!take("\"")) {
      if (rest_.empty() || static_cast<unsigned char>(rest_.front()) < 0x20) return false;
      if (!take("\\")) {
        rest_.remove_prefix(1);
      } else if (take("u")) {
        for (int i = 0; i < 4; ++i)
          if (!take("0123456789abcdefABCDEF")) return false;
      } else if (!take("\"\\/bfnrt")) {
        return false;
      }
    }
    return true;
  }

  bool number() {
    take("-");
    if (!take("0") && !digits()) return false;
    if (take(".") && !digits()) return false;
    if (take("eE")) {
      take("+-");
      if (!digits()) return false;
    }
    return true;
  }

  std::string_view rest_;
};
