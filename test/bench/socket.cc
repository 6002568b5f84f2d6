#include "socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "wire.h"

namespace bench {
namespace {

constexpr timeval kReadTimeout{.tv_sec = 10, .tv_usec = 0};

volatile std::sig_atomic_t stop_signal_seen = 0;

void on_stop_signal(int) { stop_signal_seen = 1; }

Error system_error(const char* what) { return Error{std::string(what) + ": " + strerror(errno)}; }

sockaddr_in to_address(std::uint16_t port, int host) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr =
      htonl(INADDR_LOOPBACK - INADDR_LOOPBACK % 256 + static_cast<std::uint32_t>(host));
  return address;
}

// The port is chosen when it connects: then it only has to be free towards that peer.
bool bind_host(const Fd& socket, int host) {
  const int on = 1;
  const sockaddr_in own = to_address(0, host);
  return ::setsockopt(socket.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) == 0 &&
         ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0;
}

enum class Wanted { head, body };

struct Reply {
  ReplyHead head;
  std::string bytes;  // head and body, as far as they were wanted
};

Result<Reply> get(std::uint16_t port, std::string_view target, Wanted wanted) {
  TRY(const Fd socket, connect_to(port));
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &kReadTimeout, sizeof kReadTimeout);
  TRY_OK(send_all(socket, to_get_request(port, target)));
  Reply reply;
  char buffer[4096];
  for (;;) {
    const ssize_t got = ::recv(socket.get(), buffer, sizeof buffer, 0);
    if (got < 0) return system_error("recv");
    if (got == 0) return Error{"the server closed the connection before it replied"};
    reply.bytes.append(buffer, static_cast<std::size_t>(got));
    reply.head = parse_reply_head(reply.bytes);
    if (reply.head.state == ReplyHead::State::malformed) return Error{"the reply is not HTTP/1.1"};
    if (reply.head.state != ReplyHead::State::complete) continue;
    const std::size_t all = reply.head.head_bytes + reply.head.content_length;
    if (wanted == Wanted::head || reply.bytes.size() >= all) return reply;
  }
}

}  // namespace

void Fd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<Fd> connect_to(std::uint16_t port, int host) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return system_error("socket");
  if (host != 1 && !bind_host(socket, host)) return system_error("bind");
  const sockaddr_in address = to_address(port, 1);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return system_error("connect");
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

Result<void> allow_open_files(std::uint64_t count) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return system_error("getrlimit");
  if (limit.rlim_cur >= count) return {};
  if (limit.rlim_max < count)
    return Error{"the system allows " + std::to_string(limit.rlim_max) + " open files, not " +
                 std::to_string(count)};
  limit.rlim_cur = count;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return system_error("setrlimit");
  return {};
}

Result<void> send_all(const Fd& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return system_error("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

std::string to_get_request(std::uint16_t port, std::string_view target) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
         "\r\n\r\n";
}

Result<int> get_status(std::uint16_t port, std::string_view target) {
  TRY(const Reply reply, get(port, target, Wanted::head));
  return reply.head.status;
}

Result<std::string> get_body(std::uint16_t port, std::string_view target) {
  TRY(Reply reply, get(port, target, Wanted::body));
  if (reply.head.status != 200)
    return Error{std::string(target) + " has status " + std::to_string(reply.head.status)};
  return reply.bytes.substr(reply.head.head_bytes);
}

bool stop_requested() { return stop_signal_seen != 0; }

void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = on_stop_signal;  // without SA_RESTART: a wait returns and looks
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

}  // namespace bench
