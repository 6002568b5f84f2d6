#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "base/task.h"
#include "net/http_client.h"
#include "net/io_threads.h"
#include "net/proxy.h"

namespace net {

struct ClientRequest {
  std::string method = "POST";
  HttpUrl url;         // of the server
  std::string target;  // behind the URL's path: `/api/events/batch`
  std::vector<std::pair<std::string, std::string>> headers;  // without Host and those of the body
  std::string body;
  bool gzip = false;                             // the body is sent compressed
  std::chrono::milliseconds time_limit{30'000};  // for all of it, from the name to the last byte
};

struct ClientOptions {
  ProxySettings proxies;
  std::string trusted_file;  // certificates in PEM to trust instead of the system's
  std::size_t max_answer_bytes = std::size_t{1} << 20;
  std::chrono::seconds idle_limit{30};  // a connection that was idle for longer is not used again
};

/// Sends HTTP/1.1 requests over TCP or TLS (1.2 and newer) and gives back the answers, whatever
/// their status: nothing is followed or tried again. RFC 9110, RFC 9112.
///
/// Connections are kept and used again, at most kMaxIdle of them. A server's certificate must be
/// trusted and carry the name of the URL. Proxies are asked with CONNECT for https.
/// Trusted certificates are read at the first https request: the system's, or SSL_CERT_FILE's.
/// Thread: that of the IoThread which it lives on; Asio adds one that looks up names, once there is
///         a name to look up. Destroyed when nothing is under way.
/// An answer that comes before the body was sent counts; the rest of the body is not sent then.
/// Errors: `unavailable` (no connection, no complete answer in time, certificate not trusted),
///         `gone` (the server hung up without a byte of an answer), `cancelled`, `invalid_argument`
///         (a header with a line break, the address of a proxy).
class HttpSender {
 public:
  static constexpr std::size_t kMaxIdle = 4;

  static std::unique_ptr<HttpSender> create(IoThread& thread, ClientOptions options);
  virtual ~HttpSender() = default;

  virtual base::Task<base::Result<ClientResponse>> send(ClientRequest request) = 0;
  /// Ends what is under way with `cancelled`, and drops the idle connections.
  virtual void cancel() = 0;
};

}  // namespace net
