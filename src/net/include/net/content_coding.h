#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace net {

/// Why a body cannot be read, as the HTTP status that says so: 400 broken, 413 too large, 415
/// unknown coding or charset.
struct BodyError {
  int status;
  std::string message;
};

/// Undoes a Content-Encoding (`gzip`, `deflate`, `br`, `identity`, several separated by commas) in
/// place. Stops at `max_bytes`, whatever the compressed bytes promise.
std::optional<BodyError> decode_content(std::string_view encoding, std::size_t max_bytes,
                                        std::string& body);

/// `body` as Content-Encoding `gzip`.
std::string to_gzip(std::string_view body);

/// Converts `body` from `charset` (a Content-Type parameter) to UTF-8; empty means UTF-8.
std::optional<BodyError> decode_charset(std::string_view charset, std::string& body);

}  // namespace net
