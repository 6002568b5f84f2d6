#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

namespace app {

/// Who may talk to the server. Local is not trusted: any web page can send requests to loopback,
/// and a name that an attacker controls can point to it (DNS rebinding).
class Access {
 public:
  struct Rules {
    std::string bound_host;                  // the address that the server listens on
    std::vector<std::string> allowed_hosts;  // further names for the Host header
    std::vector<std::string> allowed_origins;
    std::string token;  // empty: none is needed
    /// Paths whose callers prove themselves in another way.
    std::function<bool(std::string_view path)> is_guarded_elsewhere;
  };

  explicit Access(Rules rules) : rules_(std::move(rules)) {}

  /// The refusal of a request, from its head alone: a Host that is not ours (403), a write or a
  /// WebSocket from another web page (403), a missing or wrong token (401). Also answers CORS
  /// preflights.
  std::optional<net::Response> check(const net::Request& request) const;

  /// CORS headers for the origins that are allowed.
  void decorate(const net::Request& request, net::Response& response) const;

 private:
  bool is_allowed_host(std::string_view host) const;
  bool is_open_to_all() const;
  bool is_allowed_origin(std::string_view origin) const;
  bool has_token(const net::Request& request) const;

  Rules rules_;
};

/// In a time that does not tell how much of it was right.
bool equal_secrets(std::string_view a, std::string_view b);

/// 127.0.0.0/8, ::1, localhost.
bool is_loopback(std::string_view host);

}  // namespace app
