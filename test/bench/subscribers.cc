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
constexpr std::size_t kReadyAtOnce = 1024;  // more clients wait for the next round
constexpr milliseconds kRound{1};
constexpr milliseconds kIdleWait{50};  // how soon the end of the run is noticed
constexpr seconds kReadyWait{10};      // of each client
constexpr int kClientsOfHost = 1000;
constexpr milliseconds kRefusedWait{10};
constexpr seconds kQuiet{3};
constexpr seconds kFinishWait{60};

}  // namespace

struct Subscribers::Client {
  using Ready = Subscription::Ready;

  Client(Fd connected, const Subscription& what)
      : socket(std::move(connected)), scanner(what.mode, what.stream) {}

  static Result<std::unique_ptr<Client>> open(const Subscription& what, int number) {
    TRY(Fd socket, connect_to(what.port, 1 + number / kClientsOfHost));
    return std::make_unique<Client>(std::move(socket), what);
  }

  Result<void> ask(const Subscription& what) const {
    return send_all(socket, to_get_request(what.port, what.target));
  }

  bool is(Ready ready) const {
    if (ready == Ready::asked) return true;
    return ready == Ready::head ? scanner.status() != 0 : scanner.messages() > 0;
  }

  // Returns at a refusal, too: the status tells.
  Result<void> await(Ready ready, Clock::time_point deadline) {
    std::array<char, 4096> buffer;
    while (!is(ready)) {
      if (scanner.status() != 0 && scanner.status() != 200) return {};
      if (Clock::now() > deadline || stop_requested())
        return Error{"a subscriber did not get the begin of its stream"};
      pollfd readable{.fd = socket.get(), .events = POLLIN, .revents = 0};
      if (::poll(&readable, 1, static_cast<int>(kIdleWait.count())) <= 0) continue;
      const ssize_t got = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
      if (got <= 0) return Error{"the server closed a subscriber's connection"};
      scanner.feed({buffer.data(), static_cast<std::size_t>(got)});
      if (scanner.malformed()) return Error{"the stream is not HTTP/1.1"};
    }
    return {};
  }

  // A client that is ready. The clients of an earlier run may have just left: their places are free
  // in a moment.
  static Result<std::unique_ptr<Client>> follow(const Subscription& what, int number) {
    const Clock::time_point deadline = Clock::now() + kReadyWait;
    for (;;) {
      TRY(auto client, open(what, number));
      TRY_OK(client->ask(what));
      TRY_OK(client->await(what.ready, deadline));
      const int status = client->scanner.status();
      if (status == 200) return client;
      if (status != 503 || Clock::now() > deadline)
        return Error{"a subscriber was refused, status " + std::to_string(status)};
      std::this_thread::sleep_for(kRefusedWait);
    }
  }

  Fd socket;
  StreamScanner scanner;
};

Result<std::unique_ptr<Subscribers>> Subscribers::connect(const Subscription& subscription) {
  const bool at_once = subscription.ready == Subscription::Ready::asked;
  Clock::time_point started = Clock::now();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < subscription.clients; ++i) {
    TRY(auto client, at_once ? Client::open(subscription, i) : Client::follow(subscription, i));
    clients.push_back(std::move(client));
  }
  if (at_once) started = Clock::now();
  for (const auto& client : clients) {
    if (at_once) TRY_OK(client->ask(subscription));
    const int fd = client->socket.get();
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  }
  return std::unique_ptr<Subscribers>(
      new Subscribers(std::move(clients), subscription.mode, started));
}

Subscribers::Subscribers(std::vector<std::unique_ptr<Client>> clients, StreamScanner::Mode mode,
                         Clock::time_point started)
    : mode_(mode), started_(started), clients_(std::move(clients)), buffer_(kReadBytes) {
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
    const bool is_refused = client->scanner.status() != 0 && client->scanner.status() != 200;
    if (is_refused)
      ++seen_.refused;
    else if (!client->socket)
      ++seen_.disconnected;
  }
  return std::move(seen_);
}

void Subscribers::read_all() {
  const Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  for (const auto& client : clients_) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP | EPOLLET;  // edges: nobody looks whether more is there
    event.data.ptr = client.get();
    ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, client->socket.get(), &event);
  }
  std::array<epoll_event, kReadyAtOnce> events;
  Clock::time_point deadline = Clock::time_point::max();
  last_bytes_ = Clock::now();
  while (!stop_ && !stop_requested()) {
    const int ready = ::epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()),
                                   static_cast<int>(kIdleWait.count()));
    for (int i = 0; i < ready; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      Client& client = *static_cast<Client*>(event.data.ptr);
      // The end, too, is told once, and stands behind the bytes that came before.
      const bool is_ending = (event.events & ~std::uint32_t{EPOLLIN}) != 0;
      while (read_some(client) || (is_ending && client.socket)) {
      }
    }
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

bool Subscribers::read_some(Client& client) {
  if (!client.socket) return false;
  const ssize_t got = ::recv(client.socket.get(), buffer_.data(), buffer_.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
  if (got <= 0) {
    client.socket.reset();
    return false;
  }
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
  return static_cast<std::size_t>(got) == buffer_.size();
}

bool Subscribers::done() const {
  for (const auto& client : clients_)
    if (client->socket && client->scanner.events() < published_) return false;
  return true;
}

}  // namespace bench
