#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Text from outside on a terminal.
namespace app {

/// `text` as part of one line: what agents and tools wrote must not move the cursor, colour the
/// terminal or turn the direction of writing. Controls and separators become blanks, broken UTF-8
/// becomes U+FFFD; what is wider than `columns` ends with `…` there.
std::string printable(std::string_view text, std::size_t columns = std::string_view::npos);

/// How many columns a terminal needs for `text`, which is printable: two for CJK and emoji, none
/// for what combines with the character before.
std::size_t columns_of(std::string_view text);

}  // namespace app
