#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/text.h"
#include "net/http_client.h"

namespace net {
namespace {

namespace http = boost::beast::http;
using base::Errc;
using base::Error;
using base::Result;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::size_t kMaxAnswer = std::size_t{1} << 20;

struct AddressList {
  addrinfo* first = nullptr;
  ~AddressList() {
    if (first) ::freeaddrinfo(first);
  }
};

/// A question to the resolver. It may outlive its asker, so nobody frees it once it is asked.
struct NameQuery {
  std::string host, port;
  addrinfo hints{};
  gaicb request{};
};

int milliseconds_until(SteadyTime deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

Error timed_out() { return {Errc::unavailable, "time is up"}; }
Error failed(int number) { return {Errc::unavailable, std::strerror(number)}; }

/// The addresses of a name, asked for beside this thread, because a resolver knows no deadline.
Result<void> look_up(const HttpUrl& url, SteadyTime deadline, AddressList& found) {
  auto query = std::make_unique<NameQuery>();
  query->host = url.host, query->port = std::to_string(url.port);
  query->hints.ai_socktype = SOCK_STREAM;
  query->request = {query->host.c_str(), query->port.c_str(), &query->hints, nullptr, {}, {}};
  gaicb* list[] = {&query->request};
  if (::getaddrinfo_a(GAI_NOWAIT, list, 1, nullptr) != 0) return failed(errno);
  const gaicb* waiting[] = {&query->request};
  const int left = milliseconds_until(deadline);
  const timespec limit{left / 1000, left % 1000 * 1000000L};
  int state = ::gai_error(&query->request);
  if (state == EAI_INPROGRESS) ::gai_suspend(waiting, 1, &limit);
  state = ::gai_error(&query->request);
  if (state == EAI_INPROGRESS) {
    (void)query.release();
    return timed_out();
  }
  if (state != 0) return Error{Errc::unavailable, ::gai_strerror(state)};
  found.first = query->request.ar_result;
  return {};
}

Result<void> resolve(const HttpUrl& url, SteadyTime deadline, AddressList& found) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  const std::string literal = url.host == "localhost" ? "127.0.0.1" : url.host;
  if (::getaddrinfo(literal.c_str(), std::to_string(url.port).c_str(), &hints, &found.first) == 0)
    return {};
  found.first = nullptr;
  return look_up(url, deadline, found);
}

/// A connection of which every step ends at one deadline.
class TimedSocket {
 public:
  explicit TimedSocket(SteadyTime deadline) : deadline_(deadline) {}
  ~TimedSocket() { close(); }
  TimedSocket(const TimedSocket&) = delete;
  TimedSocket& operator=(const TimedSocket&) = delete;

  Result<void> connect(const addrinfo& address) {
    close();
    const int type = address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC;
    socket_ = ::socket(address.ai_family, type, address.ai_protocol);
    if (socket_ < 0) return failed(errno);
    if (::connect(socket_, address.ai_addr, address.ai_addrlen) == 0) return {};
    if (errno != EINPROGRESS) return failed(errno);
    TRY_OK(wait(POLLOUT));
    int outcome = 0;
    socklen_t size = sizeof outcome;
    ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &outcome, &size);
    if (outcome != 0) return failed(outcome);
    return {};
  }

  Result<void> send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      } else if (errno == EAGAIN) {
        TRY_OK(wait(POLLOUT));
      } else if (errno != EINTR) {
        return failed(errno);
      }
    }
    return {};
  }

  /// At least one byte; none at the end of the connection.
  Result<std::size_t> receive(char* into, std::size_t size) {
    for (;;) {
      // Asked first: a peer that sends byte after byte must not keep us past the deadline.
      TRY_OK(wait(POLLIN));
      const ssize_t got = ::recv(socket_, into, size, 0);
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EAGAIN && errno != EINTR) return failed(errno);
    }
  }

 private:
  Result<void> wait(short what) {
    for (;;) {
      const int left = milliseconds_until(deadline_);
      if (left == 0) return timed_out();
      pollfd entry{socket_, what, 0};
      const int ready = ::poll(&entry, 1, left);
      if (ready > 0) return {};
      if (ready < 0 && errno != EINTR) return failed(errno);
    }
  }

  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

  const SteadyTime deadline_;
  int socket_ = -1;
};

Result<ClientResponse> read_answer(TimedSocket& socket) {
  http::response_parser<http::string_body> parser;
  parser.eager(true);
  parser.body_limit(kMaxAnswer);
  std::string unread;
  char bytes[4096];
  boost::system::error_code error;
  while (!parser.is_done()) {
    TRY(const std::size_t got, socket.receive(bytes, sizeof bytes));
    if (got == 0) {
      if (parser.got_some()) parser.put_eof(error);
      if (error || !parser.is_done()) return Error{Errc::unavailable, "the answer breaks off"};
      break;
    }
    unread.append(bytes, got);
    const std::size_t taken = parser.put(boost::asio::buffer(unread), error);
    unread.erase(0, taken);
    if (error && error != http::error::need_more)
      return Error{Errc::unavailable, fmt::format("not an HTTP answer: {}", error.message())};
  }
  return ClientResponse{static_cast<int>(parser.get().result_int()),
                        std::move(parser.get().body())};
}

Result<ClientResponse> exchange(const HttpUrl& url, const std::string& request,
                                SteadyTime deadline) {
  AddressList addresses;
  TRY_OK(resolve(url, deadline, addresses));
  TimedSocket socket(deadline);
  Result<void> connected = Error{Errc::unavailable, "no address"};
  for (const addrinfo* at = addresses.first; at && !connected; at = at->ai_next)
    connected = socket.connect(*at);
  TRY_OK(std::move(connected));
  TRY_OK(socket.send(request));
  return read_answer(socket);
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool is_host(std::string_view host, bool bracketed) {
  if (host.empty() || host.size() > 253 || host.starts_with('.')) return false;
  for (char c : host)
    if (!is_name_character(c) && !(bracketed && c == ':')) return false;
  return true;
}

std::optional<std::uint16_t> parse_port(std::string_view digits) {
  if (digits.empty() || digits.size() > 5) return std::nullopt;
  if (digits.find_first_not_of("0123456789") != digits.npos) return std::nullopt;
  const auto port = base::parse_leading_int(digits).value_or(0);
  if (port < 1 || port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

Error not_a_url(std::string_view text) {
  return {Errc::invalid_argument,
          fmt::format("\"{}\" is not a URL such as http://127.0.0.1:3141", text)};
}

}  // namespace

std::string HttpUrl::authority() const {
  return host.find(':') == host.npos ? fmt::format("{}:{}", host, port)
                                     : fmt::format("[{}]:{}", host, port);
}

Result<HttpUrl> parse_http_url(std::string_view text) {
  TRY(HttpUrl url, parse_url(text));
  if (url.tls) return not_a_url(text);
  return url;
}

std::string shown_url(std::string_view text) {
  const std::size_t scheme = text.find("://");
  const std::size_t begin = scheme == text.npos ? 0 : scheme + 3;
  const std::size_t end = std::min(text.find('/', begin), text.size());
  const std::size_t at = text.substr(0, end).rfind('@');
  if (at == text.npos || at < begin) return std::string(text);
  return std::string(text.substr(0, begin)) + "***" + std::string(text.substr(at));
}

Result<HttpUrl> parse_url(std::string_view text) {
  constexpr std::string_view kPlain = "http://", kTls = "https://";
  const Error refusal = not_a_url(shown_url(text));
  HttpUrl url;
  url.tls = base::iequals(text.substr(0, kTls.size()), kTls);
  if (url.tls) url.port = 443;
  const std::string_view scheme = url.tls ? kTls : kPlain;
  if (!base::iequals(text.substr(0, scheme.size()), scheme)) return refusal;
  std::string_view rest = text.substr(scheme.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, slash), path = rest.substr(slash);
  const bool bracketed = authority.starts_with('[');
  const std::size_t host_end = bracketed ? authority.find(']') : authority.find(':');
  std::string_view host = authority.substr(0, host_end);
  std::string_view port = host_end == authority.npos ? "" : authority.substr(host_end);
  if (bracketed) {
    if (port.empty()) return refusal;
    host.remove_prefix(1), port.remove_prefix(1);
  }
  url.host = base::to_lower(host);
  if (!is_host(url.host, bracketed)) return refusal;
  if (!port.empty()) {
    const auto number = port.front() == ':' ? parse_port(port.substr(1)) : std::nullopt;
    if (!number) return refusal;
    url.port = *number;
  }
  while (path.ends_with('/')) path.remove_suffix(1);
  for (char c : path)
    if (c <= ' ' || c > '~' || std::string_view("?#\"\\<>").find(c) != std::string_view::npos)
      return refusal;
  url.path = path;
  return url;
}

Result<ClientResponse> http_post(const HttpUrl& url, const std::string& target,
                                 const std::string& bearer_token, std::string_view json,
                                 std::chrono::milliseconds time_limit) {
  const SteadyTime deadline = std::chrono::steady_clock::now() + time_limit;
  std::string request = fmt::format(
      "POST {}{} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\nConnection: close\r\n",
      url.path, target, url.authority(), json.size());
  if (!bearer_token.empty() && bearer_token.find_first_of("\r\n") == bearer_token.npos)
    request += fmt::format("Authorization: Bearer {}\r\n", bearer_token);
  request += "\r\n";
  request += json;
  auto answer = exchange(url, request, deadline);
  if (!answer)
    return std::move(answer.error()).within(fmt::format("no answer from {}", url.authority()));
  return answer;
}

}  // namespace net
