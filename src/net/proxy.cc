#include "net/proxy.h"

#include <fmt/format.h>

#include "base/text.h"
#include "net/http.h"

namespace net {
namespace {

using base::Errc;
using base::Error;
using base::Result;

bool is_loopback(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost") || host == "::1" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos);
}

bool is_exception(const HttpUrl& url, std::string_view entry) {
  const std::string lower = base::to_lower(base::trim(entry));
  std::string_view name = lower;
  if (name == "*") return true;
  const std::size_t colon = name.rfind(':');
  if (colon != name.npos && name.find(':') == colon) {
    if (name.substr(colon + 1) != std::to_string(url.port)) return false;
    name = name.substr(0, colon);
  }
  if (name.starts_with('*')) name.remove_prefix(1);
  if (name.empty()) return false;
  if (url.host == name || (name.front() == '.' && url.host == name.substr(1))) return true;
  const std::string suffix = name.front() == '.' ? std::string(name) : fmt::format(".{}", name);
  return url.host.ends_with(suffix);
}

bool is_exception(const HttpUrl& url, const ProxySettings& settings) {
  std::string_view rest = settings.exceptions;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    if (is_exception(url, rest.substr(0, comma))) return true;
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return false;
}

}  // namespace

ProxySettings ProxySettings::from(
    const std::function<std::optional<std::string>(const std::string&)>& environment) {
  const auto first = [&](std::initializer_list<const char*> names) -> std::string {
    for (const char* name : names)
      if (auto value = environment(name); value && !value->empty()) return *value;
    return {};
  };
  ProxySettings settings;
  const bool is_cgi = environment("REQUEST_METHOD").has_value();
  settings.http = is_cgi ? first({"http_proxy"}) : first({"HTTP_PROXY", "http_proxy"});
  settings.https = first({"HTTPS_PROXY", "https_proxy"});
  settings.exceptions = first({"NO_PROXY", "no_proxy"});
  return settings;
}

Result<std::optional<Proxy>> proxy_for(const HttpUrl& url, const ProxySettings& settings) {
  const std::string& given = url.tls ? settings.https : settings.http;
  if (given.empty() || is_loopback(url.host) || is_exception(url, settings))
    return std::optional<Proxy>{};
  // What is wrong with it is told without it: it may hold a password.
  const Error refusal{Errc::invalid_argument,
                      fmt::format("{} is not an address such as http://proxy.example:3128",
                                  url.tls ? "HTTPS_PROXY" : "HTTP_PROXY")};
  std::string text = given.find("://") == given.npos ? "http://" + given : given;
  Proxy proxy;
  const std::size_t begin = text.find("://") + 3;
  const std::size_t at = text.find('@', begin);
  if (at != text.npos && at < std::min(text.find('/', begin), text.size())) {
    const auto decoded = percent_decode(std::string_view(text).substr(begin, at - begin));
    if (!decoded) return refusal;
    proxy.credentials = *decoded;
    text.erase(begin, at + 1 - begin);
  }
  auto address = parse_http_url(text);
  if (!address) return refusal;
  proxy.url = std::move(*address);
  return std::optional(std::move(proxy));
}

}  // namespace net
