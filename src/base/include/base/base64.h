#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace base {

/// Bytes as base64url (RFC 4648, section 5) without padding, as RFC 7515 has it.
std::string to_base64url(std::string_view bytes);

/// The bytes that `text` stands for. Strict, so that no two texts give the same bytes:
/// `invalid_argument` on padding, white space, any character outside of the alphabet, a length that
/// no bytes have, and bits behind the last byte that are not zero.
Result<std::string> parse_base64url(std::string_view text);

}  // namespace base
