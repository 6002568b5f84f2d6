#pragma once

#include <string>
#include <string_view>

namespace base {

/// `bytes` with U+FFFD for each byte that belongs to no UTF-8 sequence (RFC 3629): shortest forms
/// only, no surrogates.
std::string to_utf8(std::string_view bytes);

}  // namespace base
