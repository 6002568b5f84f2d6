#include "access.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace app {
namespace {

using net::Method;
using net::Request;
using net::Response;

/// `[::1]:3141` -> `::1`, `localhost:3141` -> `localhost`.
std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find("]:");
    const bool has_port = end != host.npos;
    return has_port || host.ends_with(']') ? host.substr(1, std::min(end, host.size() - 1) - 1)
                                           : host;
  }
  const std::size_t colon = host.rfind(':');
  return host.substr(0, colon);
}

bool is_ip_literal(const std::string& host) {
  unsigned char address[16];
  return inet_pton(AF_INET, host.c_str(), address) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address) == 1;
}

/// What asks to upgrade may write later on, and browsers let any page do so.
bool is_write(const Request& request) {
  return (request.method != Method::get && request.method != Method::head &&
          request.method != Method::options) ||
         request.has_header("upgrade");
}

bool is_same_origin(std::string_view origin, std::string_view host) {
  return origin == fmt::format("http://{}", host) || origin == fmt::format("https://{}", host);
}

}  // namespace

bool equal_secrets(std::string_view a, std::string_view b) {
  unsigned char difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i] ^ (b.empty() ? 0 : b[i % b.size()]));
  return difference == 0;
}

bool is_loopback(std::string_view host) {
  if (base::iequals(host, "localhost") || host == "::1") return true;
  in_addr address{};
  return inet_pton(AF_INET, std::string(host).c_str(), &address) == 1 &&
         (ntohl(address.s_addr) >> 24) == 127;
}

std::optional<Response> Access::check(const Request& request) const {
  const std::string_view host = request.header("host");
  if (request.has_header("host") && !is_allowed_host(host)) {
    const std::string name(base::cut_utf8(without_port(host), 128));
    return Response::error(
        403, fmt::format(
                 "the Host header names \"{0}\", which this server does not serve; if it should, "
                 "start it with --allow-host {0}",
                 name));
  }
  const std::string_view origin = request.header("origin");
  if (!origin.empty() && is_write(request) && !is_same_origin(origin, host) &&
      !is_allowed_origin(origin))
    return Response::error(403,
                           fmt::format("requests from the web page {} are not accepted; if they "
                                       "should be, start the server with --allow-origin",
                                       base::cut_utf8(origin, 128)));
  if (request.method == Method::options && is_allowed_origin(origin) &&
      request.has_header("access-control-request-method")) {
    Response preflight = Response::text(204, {}, {});
    preflight.headers.emplace_back("Access-Control-Allow-Methods",
                                   "GET, HEAD, PUT, POST, DELETE, PATCH");
    preflight.headers.emplace_back(
        "Access-Control-Allow-Headers",
        "authorization, content-type, last-event-id, x-taskcast-service-key");
    preflight.headers.emplace_back("Access-Control-Max-Age", "600");
    return preflight;
  }
  const bool needs_token =
      !rules_.token.empty() && request.path != "/api/health" &&
      !(rules_.is_guarded_elsewhere && rules_.is_guarded_elsewhere(request.path));
  if (needs_token && !has_token(request)) {
    Response denied = Response::error(401, "a bearer token is needed: Authorization: Bearer TOKEN");
    denied.headers.emplace_back("WWW-Authenticate", "Bearer");
    return denied;
  }
  return std::nullopt;
}

void Access::decorate(const Request& request, Response& response) const {
  if (rules_.allowed_origins.empty()) return;
  if (is_open_to_all()) {
    response.headers.emplace_back("Access-Control-Allow-Origin", "*");
    return;
  }
  response.headers.emplace_back("Vary", "Origin");
  const std::string_view origin = request.header("origin");
  if (is_allowed_origin(origin))
    response.headers.emplace_back("Access-Control-Allow-Origin", std::string(origin));
}

bool Access::is_allowed_host(std::string_view host) const {
  if (without_port(host) == rules_.bound_host) return true;
  const std::string name = base::to_lower(without_port(host));
  if (is_loopback(name) || name.ends_with(".localhost")) return true;
  // Bound to every address: a literal one cannot be the work of a foreign name server.
  if (!is_loopback(rules_.bound_host) && is_ip_literal(name)) return true;
  return std::any_of(rules_.allowed_hosts.begin(), rules_.allowed_hosts.end(),
                     [&](const std::string& allowed) { return base::iequals(allowed, name); });
}

bool Access::is_open_to_all() const {
  return std::find(rules_.allowed_origins.begin(), rules_.allowed_origins.end(), "*") !=
         rules_.allowed_origins.end();
}

bool Access::is_allowed_origin(std::string_view origin) const {
  if (origin.empty()) return false;
  return is_open_to_all() || std::find(rules_.allowed_origins.begin(), rules_.allowed_origins.end(),
                                       origin) != rules_.allowed_origins.end();
}

bool Access::has_token(const Request& request) const {
  constexpr std::string_view kScheme = "bearer ";
  const std::string_view header = request.header("authorization");
  if (header.size() > kScheme.size() && base::iequals(header.substr(0, kScheme.size()), kScheme))
    return equal_secrets(header.substr(kScheme.size()), rules_.token);
  // A browser's EventSource and links cannot send a header. RFC 6750 section 2.3.
  if (request.method != Method::get && request.method != Method::head) return false;
  const net::Query query = request.query();
  return equal_secrets(query.first("access_token"), rules_.token);
}

}  // namespace app
