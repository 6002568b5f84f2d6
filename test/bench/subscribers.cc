#include "subscribers.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "socket.h"

namespace bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr milliseconds kRound{1};
constexpr milliseconds kIdleWait{50};  // how soon the end of the run is noticed
constexpr seconds kFirstMessageWait{10};
constexpr milliseconds kRefusedWait{10};
constexpr seconds kQuiet{3};
constexpr seconds kFinishWait{30};

}  // namespace

struct Subscribers::Client {
  Client(Fd connected, StreamScanner::Mode mode) : socket(std::move(connected)), scanner(mode) {}

  static Result<std::unique_ptr<Client>> open(std::uint16_t port, StreamScanner::Mode mode) {
    TRY(Fd socket, connect_to(port));
    TRY_OK(send_all(socket, to_get_request(port, "/api/stream")));
    return std::make_unique<Client>(std::move(socket), mode);
  }

  // Returns at a refusal, too: the status tells.
  Result<void> await_first_message(Clock::time_point deadline) {
    std::array<char, 4096> buffer;
    while (scanner.messages() == 0) {
      if (scanner.status() != 0 && scanner.status() != 200) return {};
      if (Clock::now() > deadline || stop_requested())
        return Error{"a subscriber did not get the stream's first message"};
      pollfd readable{.fd = socket.get(), .events = POLLIN, .revents = 0};
      if (::poll(&readable, 1, static_cast<int>(kIdleWait.count())) <= 0) continue;
      const ssize_t got = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
      if (got <= 0) return Error{"the server closed a subscriber's connection"};
      scanner.feed({buffer.data(), static_cast<std::size_t>(got)});
      if (scanner.malformed()) return Error{"the stream is not HTTP/1.1"};
    }
    return {};
  }

  Fd socket;
  StreamScanner scanner;
};

Result<std::unique_ptr<Subscribers>> Subscribers::connect(std::uint16_t port, int clients,
                                                          StreamScanner::Mode mode) {
  const Clock::time_point deadline = Clock::now() + kFirstMessageWait;
  std::vector<std::unique_ptr<Client>> connected;
  for (int i = 0; i < clients; ++i) {
    TRY(auto client, Client::open(port, mode));
    TRY_OK(client->await_first_message(deadline));
    // The clients of an earlier run have just left: their places are free in a moment.
    while (client->scanner.status() == 503 && Clock::now() < deadline) {
      std::this_thread::sleep_for(kRefusedWait);
      TRY(client, Client::open(port, mode));
      TRY_OK(client->await_first_message(deadline));
    }
    if (client->scanner.status() != 200)
      return Error{"a subscriber was refused, status " + std::to_string(client->scanner.status())};
    const int fd = client->socket.get();
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    connected.push_back(std::move(client));
  }
  return std::unique_ptr<Subscribers>(new Subscribers(std::move(connected), mode));
}

Subscribers::Subscribers(std::vector<std::unique_ptr<Client>> clients, StreamScanner::Mode mode)
    : mode_(mode), clients_(std::move(clients)), buffer_(kReadBytes) {
  thread_ = std::thread([this] { read_all(); });
}

Subscribers::~Subscribers() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

Delivery Subscribers::finish(std::uint64_t published) {
  published_ = published;
  finishing_ = true;
  thread_.join();
  seen_.all_arrived = true;
  for (const auto& client : clients_) {
    seen_.messages += client->scanner.events();
    if (client->scanner.events() != published) seen_.all_arrived = false;
    if (!client->socket) ++seen_.disconnected;
  }
  return std::move(seen_);
}

void Subscribers::read_all() {
  const Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  for (const auto& client : clients_) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP;
    event.data.ptr = client.get();
    ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, client->socket.get(), &event);
  }
  std::array<epoll_event, 64> events;
  Clock::time_point deadline = Clock::time_point::max();
  last_bytes_ = Clock::now();
  while (!stop_ && !stop_requested()) {
    const int ready = ::epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()),
                                   static_cast<int>(kIdleWait.count()));
    for (int i = 0; i < ready; ++i)
      read_some(*static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr));
    if (finishing_) {
      const Clock::time_point now = Clock::now();
      if (deadline == Clock::time_point::max()) {
        deadline = now + kFinishWait;
        last_bytes_ = std::max(last_bytes_, now);  // quiet is counted from the publisher's end
      }
      if (done() || now > deadline || now > last_bytes_ + kQuiet) return;
    }
    if (ready > 0 && mode_ == StreamScanner::Mode::count) std::this_thread::sleep_for(kRound);
  }
}

void Subscribers::read_some(Client& client) {
  if (!client.socket) return;
  const ssize_t got = ::recv(client.socket.get(), buffer_.data(), buffer_.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
  if (got <= 0) return client.socket.reset();
  last_bytes_ = Clock::now();
  const std::uint64_t before = client.scanner.events();
  client.scanner.feed({buffer_.data(), static_cast<std::size_t>(got)});
  if (client.scanner.events() != before) seen_.last_arrival = last_bytes_;
  if (mode_ == StreamScanner::Mode::stamps) {
    const std::int64_t now = nanoseconds(last_bytes_.time_since_epoch()).count();
    for (const std::int64_t stamp : client.scanner.take_stamps())
      if (stamp > 0) seen_.latency_ns.push_back(now - stamp);
  }
  if (client.scanner.ended()) client.socket.reset();
}

bool Subscribers::done() const {
  for (const auto& client : clients_)
    if (client->socket && client->scanner.events() < published_) return false;
  return true;
}

}  // namespace bench
