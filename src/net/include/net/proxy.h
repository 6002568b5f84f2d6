#pragma once

#include <functional>
#include <optional>
#include <string>

#include "net/http_client.h"

namespace net {

/// What HTTP_PROXY, HTTPS_PROXY and NO_PROXY say, in upper or lower case.
struct ProxySettings {
  std::string http, https;  // `http://[USER:PASSWORD@]HOST[:PORT]`, or HOST[:PORT]; empty: none
  std::string exceptions;   // names, `.suffix`, `name:port` or `*`, separated by commas

  /// HTTP_PROXY in upper case only counts outside of CGI, where a client could set it.
  static ProxySettings from(
      const std::function<std::optional<std::string>(const std::string&)>& environment);
};

struct Proxy {
  HttpUrl url;
  std::string credentials;  // `USER:PASSWORD`, decoded; a secret
};

/// The proxy on the way to `url`; nothing for none. Loopback is never reached through one.
/// `invalid_argument` when the proxy's address is none.
base::Result<std::optional<Proxy>> proxy_for(const HttpUrl& url, const ProxySettings& settings);

}  // namespace net
