#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace net {

struct ClientResponse {
  int status = 0;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers{};  // of HttpClient's answers only

  /// The first header of this name, in any case; empty when there is none.
  std::string_view header(std::string_view name) const;
};

/// Where a server is: the parts of `http[s]://HOST[:PORT][/PATH]`.
struct HttpUrl {
  std::string host;  // lower case, an IPv6 address without its brackets
  std::uint16_t port = 80;
  std::string path;  // empty or `/...`, without a slash at its end
  bool tls = false;

  /// `127.0.0.1:3141`, `[::1]:3141`
  std::string authority() const;
};

/// `text` for a person to read: without a user and a password, which no URL here may have.
std::string shown_url(std::string_view text);

/// `invalid_argument`, with what is wrong, for anything else: https, a user, a query, a blank.
base::Result<HttpUrl> parse_http_url(std::string_view text);
/// The same with https, whose port is 443 by default.
base::Result<HttpUrl> parse_url(std::string_view text);

/// One GET, on the calling thread, which it blocks for at most `time_limit` a step: for commands,
/// not for the server. `unavailable` when nobody answers.
base::Result<ClientResponse> http_get(const std::string& host, std::uint16_t port,
                                      const std::string& target, const std::string& bearer_token,
                                      std::chrono::milliseconds time_limit);

/// One POST of JSON to `url.path` + `target`, on the calling thread, which it blocks for at most
/// `time_limit` in all, whatever the peer does. Reads no answer over 1 MiB.
///
/// `unavailable` when there is no complete answer by then; the server may have taken the body.
base::Result<ClientResponse> http_post(const HttpUrl& url, const std::string& target,
                                       const std::string& bearer_token, std::string_view json,
                                       std::chrono::milliseconds time_limit);

}  // namespace net
