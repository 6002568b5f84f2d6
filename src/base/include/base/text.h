#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace base {

/// Without ECMAScript white space at both ends (ASCII white space, NBSP, BOM, line separators).
std::string_view trim(std::string_view text);

/// The longest prefix of at most `limit` bytes that does not split a UTF-8 sequence.
std::string_view cut_utf8(std::string_view text, std::size_t limit);

/// The longest prefix of at most `limit` UTF-16 code units, as JavaScript's slice(0, limit) gives
/// it; a character of two units is never split.
std::string_view cut_utf16(std::string_view text, std::size_t limit);

/// The last component of a path, as it stands behind the last `/` (or `\`, of a path that has no
/// `/`); slashes at its end do not count.
std::string_view last_component(std::string_view path);

/// The integer that `text` begins with, as JavaScript's parseInt(text, 10) reads it: white space,
/// sign and digits, the rest ignored; nothing when there is no digit. Past 64 bits it saturates.
std::optional<std::int64_t> parse_leading_int(std::string_view text);

/// ASCII only; for header names and the like.
bool iequals(std::string_view a, std::string_view b);
std::string to_lower(std::string_view text);

/// With `& < > " '` as entities.
std::string escape_html(std::string_view text);

/// The element of `known` with the smallest edit distance to `name`, when it is near enough to be
/// meant; empty otherwise.
template <class Range>
std::string_view nearest(std::string_view name, const Range& known);

std::size_t edit_distance(std::string_view a, std::string_view b);

template <class Range>
std::string_view nearest(std::string_view name, const Range& known) {
  std::string_view best;
  std::size_t best_distance = name.size() / 2 + 1;
  for (std::string_view candidate : known) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) best = candidate, best_distance = distance;
  }
  return best;
}

}  // namespace base
