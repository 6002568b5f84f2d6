#pragma once

#include <string>
#include <string_view>

/// Entity tags of responses. RFC 9110 section 8.8.3.
namespace net {

/// Weak, as a recompressed body would be as good.
std::string weak_etag(std::string_view body);

/// Whether an If-None-Match header names it, or every one.
bool matches_etag(std::string_view if_none_match, std::string_view etag);

}  // namespace net
