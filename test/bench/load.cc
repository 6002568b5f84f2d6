#include "load.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <optional>

#include "socket.h"
#include "wire.h"

namespace bench {
namespace {

using std::chrono::duration_cast;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// How long replies that are still due are waited for after the last request.
constexpr seconds kGrace{10};
constexpr std::uint32_t kPaceTimer = ~std::uint32_t{0};  // its number among the connections

struct Connection {
  Fd socket;
  std::string_view unsent;
  Clock::time_point sent_at;
  std::string head;           // of a reply that came in pieces
  std::size_t body_left = 0;  // 0, and no chunks: the next byte starts a reply
  std::optional<ChunkedBody> chunks;
  int status = 0;
  bool waiting = false;  // a request is under way
  bool closes = false;   // the server ends the connection behind its reply
};

double processor_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto to_seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return to_seconds(usage.ru_utime) + to_seconds(usage.ru_stime);
}

class Run {
 public:
  Run(const Load& load, RequestSource& source) : load_(load), source_(source) {}

  Result<LoadResult> run() {
    TRY_OK(open());
    result_.latency_ns.reserve(std::size_t{1} << 20);  // growing would stop the load for a moment
    const double processor_before = processor_seconds();
    result_.started = last_reply_ = Clock::now();
    last_send_ = result_.started + load_.max_time;
    if (load_.requests_per_second > 0) {
      start_timer();
    } else {
      due_ = Load::kNoLimit;
    }
    send_due();
    loop();
    result_.elapsed = last_reply_ - result_.started;
    result_.generator_cores =
        (processor_seconds() - processor_before) /
        std::max(std::chrono::duration<double>(result_.elapsed).count(), 1e-9);
    if (stop_requested()) return Error{"stopped by a signal"};
    if (result_.latency_ns.empty()) return Error{"no reply to any request"};
    return std::move(result_);
  }

 private:
  Result<void> open() {
    epoll_ = Fd(::epoll_create1(EPOLL_CLOEXEC));
    connections_.resize(static_cast<std::size_t>(load_.connections));
    for (std::uint32_t i = 0; i < connections_.size(); ++i) {
      TRY_OK(open(i));
      idle_.push_back(i);
    }
    std::reverse(idle_.begin(), idle_.end());
    return {};
  }

  Result<void> open(std::uint32_t number) {
    TRY(Fd socket, connect_to(load_.port));
    ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
    // Edges need no system call when a connection turns from reading to writing and back.
    watch(socket.get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, number);
    connections_[number].socket = std::move(socket);
    connections_[number].closes = false;
    return {};
  }

  void watch(int fd, std::uint32_t events, std::uint32_t number) {
    epoll_event event{};
    event.events = events;
    event.data.u32 = number;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
  }

  void start_timer() {
    timer_ = Fd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    const long interval = 1'000'000'000L / load_.requests_per_second;
    const timespec every{.tv_sec = interval / 1'000'000'000L, .tv_nsec = interval % 1'000'000'000L};
    const itimerspec when{.it_interval = every, .it_value = every};
    ::timerfd_settime(timer_.get(), 0, &when, nullptr);
    watch(timer_.get(), EPOLLIN, kPaceTimer);
  }

  bool may_send() const {
    return issued_ < load_.max_requests && Clock::now() < last_send_ && !stop_requested();
  }

  void send_due() {
    while (due_ > 0 && !idle_.empty() && may_send()) {
      const std::uint32_t number = idle_.back();
      idle_.pop_back();
      send_next(number);
    }
  }

  void send_next(std::uint32_t number) {
    Connection& connection = connections_[number];
    if (due_ != Load::kNoLimit) --due_;
    ++issued_;
    ++under_way_;
    connection.waiting = true;
    connection.unsent = source_.next(static_cast<int>(number));
    connection.sent_at = Clock::now();
    send_rest(connection);
  }

  void send_rest(Connection& connection) {
    while (!connection.unsent.empty()) {
      const ssize_t sent = ::send(connection.socket.get(), connection.unsent.data(),
                                  connection.unsent.size(), MSG_NOSIGNAL);
      if (sent < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK) close(connection);
        return;
      }
      connection.unsent.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  void loop() {
    std::array<epoll_event, 64> events;
    while (alive() && (under_way_ > 0 || (load_.requests_per_second > 0 && may_send()))) {
      if (Clock::now() > last_send_ + kGrace || stop_requested()) {
        result_.broken_connections += static_cast<int>(under_way_);
        return;
      }
      const int ready = ::epoll_wait(epoll_.get(), events.data(), events.size(), 100);
      for (int i = 0; i < ready; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.u32 == kPaceTimer) {
          std::uint64_t ticks = 0;
          if (::read(timer_.get(), &ticks, sizeof ticks) == sizeof ticks) due_ += ticks;
          send_due();
        } else {
          on_ready(event.data.u32, event.events);
        }
      }
    }
  }

  bool alive() const { return result_.broken_connections < static_cast<int>(connections_.size()); }

  void on_ready(std::uint32_t number, std::uint32_t events) {
    Connection& connection = connections_[number];
    const int fd = connection.socket.get();
    if (fd < 0) return;
    if ((events & EPOLLOUT) != 0 && !connection.unsent.empty()) send_rest(connection);
    if ((events & ~std::uint32_t{EPOLLOUT}) == 0) return;
    for (;;) {
      const ssize_t got = ::recv(connection.socket.get(), buffer_.data(), buffer_.size(), 0);
      if (got <= 0) {
        if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) close(connection);
        return;
      }
      const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(got));
      if (on_bytes(connection, bytes)) on_reply(number);
      if (connection.socket.get() != fd) return;  // closed, or another one
      // Less than the buffer holds: nothing is left, and what comes later is a new edge.
      if (bytes.size() < buffer_.size()) break;
    }
    // The end that was announced may come before the reply has been read.
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0 && !connection.closes) close(connection);
  }

  // True when `bytes` complete the reply that the connection waits for.
  bool on_bytes(Connection& connection, std::string_view bytes) {
    if (connection.chunks) return on_chunks(connection, bytes);
    if (connection.body_left > 0) {
      if (bytes.size() > connection.body_left) return close(connection);
      connection.body_left -= bytes.size();
      return connection.body_left == 0;
    }
    if (!connection.head.empty()) connection.head.append(bytes);
    const std::string_view reply = connection.head.empty() ? bytes : connection.head;
    const ReplyHead head = parse_reply_head(reply);
    if (head.state == ReplyHead::State::incomplete) {
      if (connection.head.empty()) connection.head = bytes;
      return false;
    }
    if (head.state == ReplyHead::State::malformed || !connection.waiting) return close(connection);
    connection.status = head.status;
    connection.closes = head.closes;
    if (head.chunked) {
      connection.chunks.emplace();
      const std::string body(reply.substr(head.head_bytes));
      connection.head.clear();
      return on_chunks(connection, body);
    }
    const std::size_t body_bytes = reply.size() - head.head_bytes;
    if (!head.has_length || body_bytes > head.content_length) return close(connection);
    connection.body_left = head.content_length - body_bytes;
    connection.head.clear();
    return connection.body_left == 0;
  }

  // As on_bytes, within a body of chunks.
  bool on_chunks(Connection& connection, std::string_view bytes) {
    const ChunkedBody::State state = connection.chunks->feed(bytes);
    if (state == ChunkedBody::State::malformed) return close(connection);
    if (state == ChunkedBody::State::complete) connection.chunks.reset();
    return state == ChunkedBody::State::complete;
  }

  void on_reply(std::uint32_t number) {
    Connection& connection = connections_[number];
    last_reply_ = Clock::now();
    result_.latency_ns.push_back(
        duration_cast<nanoseconds>(last_reply_ - connection.sent_at).count());
    ++(connection.status / 100 == 2 ? result_.ok : result_.failed);
    connection.waiting = false;
    --under_way_;
    if (connection.closes && !open(number).ok()) {
      close(connection);
      return;
    }
    idle_.push_back(number);
    send_due();
  }

  // False, so that a caller may end with it.
  bool close(Connection& connection) {
    if (connection.waiting) --under_way_;
    connection.waiting = false;
    connection.unsent = {};
    connection.socket.reset();
    ++result_.broken_connections;
    const auto number = static_cast<std::uint32_t>(&connection - connections_.data());
    std::erase(idle_, number);
    return false;
  }

  const Load& load_;
  RequestSource& source_;
  LoadResult result_;
  Fd epoll_;
  Fd timer_;
  std::vector<Connection> connections_;
  std::vector<std::uint32_t> idle_;
  std::uint64_t issued_ = 0;
  std::uint64_t under_way_ = 0;
  std::uint64_t due_ = 0;
  Clock::time_point last_send_;
  Clock::time_point last_reply_;
  std::array<char, 64 * 1024> buffer_;
};

}  // namespace

double LoadResult::ok_per_second() const {
  const double time = std::chrono::duration<double>(elapsed).count();
  return time > 0 ? static_cast<double>(ok) / time : 0;
}

Result<LoadResult> run_load(const Load& load, RequestSource& source) {
  return Run(load, source).run();
}

void check_replies(Report& report, std::string_view figure, const LoadResult& load) {
  if (load.failed > 0)
    report.add_problem(figure, std::to_string(load.failed) + " requests got no 2xx status");
  if (load.broken_connections > 0)
    report.add_problem(figure, std::to_string(load.broken_connections) + " connections broke");
}

std::int64_t percentile(std::vector<std::int64_t>& values, double percent) {
  if (values.empty()) return 0;
  const double rank = std::ceil(percent / 100 * static_cast<double>(values.size()));
  const auto index = static_cast<std::ptrdiff_t>(std::max(rank, 1.0)) - 1;
  std::nth_element(values.begin(), values.begin() + index, values.end());
  return values[static_cast<std::size_t>(index)];
}

}  // namespace bench
