#include "receiver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "load.h"

namespace bench {
namespace {

constexpr std::string_view kMark = "sent-";
constexpr std::size_t kDigits = 19;
constexpr int kLookMs = 50;  // how soon the end is noticed
constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::string_view kLength = "content-length:";

std::int64_t now_ns() { return std::chrono::nanoseconds(Clock::now().time_since_epoch()).count(); }

/// Of the body behind `head`; 0 when it does not say.
std::size_t length_in(std::string_view head) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
  const auto found = std::search(head.begin(), head.end(), kLength.begin(), kLength.end(), same);
  if (found == head.end()) return 0;
  std::string_view value = head.substr(static_cast<std::size_t>(found - head.begin()));
  value.remove_prefix(kLength.size());
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  std::size_t length = 0;
  std::from_chars(value.data(), value.data() + value.size(), length);
  return length;
}

constexpr std::string_view kEvent = R"(data: {"type":"event",)";

}  // namespace

std::string to_sent_mark(std::int64_t ns) {
  std::string digits = std::to_string(ns);
  digits.insert(0, kDigits - std::min(digits.size(), kDigits), '0');
  return std::string(kMark) + digits;
}

void SentMarks::feed(std::string_view bytes, std::int64_t now_ns) {
  rest_ += bytes;
  std::size_t at = 0;
  for (;;) {
    const std::size_t mark = rest_.find(kMark, at);
    if (mark == rest_.npos) {
      at = std::max(at, rest_.size() - std::min(rest_.size(), kMark.size() - 1));
      break;
    }
    at = mark;
    if (rest_.size() < mark + kMark.size() + kDigits) break;
    const char* const digits = rest_.data() + mark + kMark.size();
    std::int64_t sent = 0;
    std::from_chars(digits, digits + kDigits, sent);
    ages_ns_.push_back(now_ns - sent);
    at = mark + kMark.size() + kDigits;
  }
  rest_.erase(0, at);
}

void StreamedMarks::feed(std::string_view bytes, std::int64_t now_ns) {
  for (std::size_t end = bytes.find('\n'); end != bytes.npos; end = bytes.find('\n')) {
    line_ += bytes.substr(0, end + 1);
    bytes.remove_prefix(end + 1);
    if (line_.starts_with(kEvent)) marks_.feed(line_, now_ns);
    line_.clear();
  }
  line_ += bytes;
}

struct Receiver::Client {
  Fd socket;
  std::string bytes;  // of requests that are not answered
};

Result<std::unique_ptr<Receiver>> Receiver::listen() {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (!socket || ::bind(socket.get(), generic, bytes) != 0 || ::listen(socket.get(), 16) != 0 ||
      ::getsockname(socket.get(), generic, &bytes) != 0)
    return Error{"cannot listen"};
  return std::unique_ptr<Receiver>(new Receiver(std::move(socket), ntohs(address.sin_port)));
}

Receiver::Receiver(Fd socket, std::uint16_t port) : socket_(std::move(socket)), port_(port) {
  thread_ = std::thread([this] { serve(); });
}

Receiver::~Receiver() {
  stop_ = true;
  thread_.join();
}

std::vector<std::int64_t> Receiver::ages_ns() {
  const std::lock_guard lock(mutex_);
  return ages_ns_;
}

void Receiver::serve() {
  std::vector<Client> clients;
  std::vector<pollfd> polled;
  while (!stop_) {
    polled.assign(1, {.fd = socket_.get(), .events = POLLIN, .revents = 0});
    for (const Client& client : clients)
      polled.push_back({.fd = client.socket.get(), .events = POLLIN, .revents = 0});
    if (::poll(polled.data(), polled.size(), kLookMs) <= 0) continue;
    for (std::size_t i = clients.size(); i-- > 0;)
      if (polled[i + 1].revents != 0 && !read_some(clients[i]))
        clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(i));
    if (polled[0].revents == 0) continue;
    Fd accepted(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const int on = 1;
    ::setsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (accepted) clients.push_back({std::move(accepted), {}});
  }
}

/// False: the client has gone.
bool Receiver::read_some(Client& client) {
  std::string& bytes = client.bytes;
  const std::size_t before = bytes.size();
  bytes.resize(before + kReadBytes);
  const ssize_t got = ::recv(client.socket.get(), bytes.data() + before, kReadBytes, 0);
  bytes.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got <= 0) return false;
  for (;;) {
    const std::size_t head = bytes.find("\r\n\r\n");
    if (head == bytes.npos) return true;
    const std::size_t all = head + 4 + length_in(std::string_view(bytes).substr(0, head));
    if (bytes.size() < all) return true;
    const std::string_view request(bytes.data(), all);
    answer(client, request.substr(0, request.find("\r\n")), request.substr(head + 4));
    bytes.erase(0, all);
  }
}

void Receiver::answer(Client& client, std::string_view request_line, std::string_view body) {
  const bool is_batch = request_line.starts_with("POST /api/events/batch ");
  if (is_batch) {
    SentMarks marks;
    marks.feed(body, now_ns());
    const std::lock_guard lock(mutex_);
    ages_ns_.insert(ages_ns_.end(), marks.ages_ns().begin(), marks.ages_ns().end());
    marks_ += marks.ages_ns().size();
    bytes_ += body.size();
    ++batches_;
  }
  const bool is_health = request_line.starts_with("GET /api/health ");
  const char* const status = is_batch ? "201 Created" : is_health ? "200 OK" : "404 Not Found";
  const std::string reply = "HTTP/1.1 " + std::string(status) +
                            "\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
  // Who does not take it is gone, which the next read tells.
  (void)send_all(client.socket, reply);
}

}  // namespace bench
