#include "collect_health.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "collector/forwarder.h"
#include "command.h"
#include "net/http_sender.h"

namespace app {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using std::chrono::milliseconds;

constexpr std::size_t kMaxText = 4096;   // bytes of what went wrong
constexpr std::string_view kWell = "+";  // else what went wrong, behind a `-`

/// Of a pipe; closed at the end of its scope.
struct Descriptor {
  explicit Descriptor(int file) : number(file) {}
  ~Descriptor() { ::close(number); }
  Descriptor(const Descriptor&) = delete;
  const int number;
};

[[noreturn]] void tell(int pipe, const Result<void>& result) {
  const std::string text = result ? std::string(kWell) : "-" + result.error().what;
  const auto written = ::write(pipe, text.data(), std::min(text.size(), kMaxText));
  ::_exit(written > 0 ? 0 : 1);
}

/// What comes out of the pipe; empty when nothing does in time.
std::string hear(int pipe, milliseconds time_limit) {
  const auto end = std::chrono::steady_clock::now() + time_limit;
  pollfd readable{pipe, POLLIN, 0};
  for (;;) {
    const auto left =
        std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now()).count();
    const int ready = ::poll(&readable, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return {};
    char bytes[kMaxText];
    const ssize_t got = ::read(pipe, bytes, sizeof bytes);
    return {bytes, static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
  }
}

base::Task<void> ask(net::HttpSender& sender, net::HttpUrl backend, milliseconds time_limit,
                     net::IoThread& thread, Result<void>& result) {
  result = co_await collector::check_health(sender, std::move(backend), time_limit);
  thread.stop();
}

Result<void> check_here(const net::HttpUrl& backend, milliseconds time_limit) {
  net::IoThread thread;
  net::ClientOptions options;
  options.proxies = net::ProxySettings::from(environment);
  const auto sender = net::HttpSender::create(thread, std::move(options));
  Result<void> result;
  thread.post([&] { ask(*sender, backend, time_limit, thread, result).detach(); });
  thread.run();
  return result;
}

}  // namespace

Result<void> do_apart(milliseconds time_limit, const std::function<Result<void>()>& work) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return Error{Errc::unavailable, fmt::format("no pipe: {}", std::strerror(errno))};
  const Descriptor out(ends[0]);
  std::optional<Descriptor> in(ends[1]);
  const pid_t child = ::fork();
  if (child < 0)
    return Error{Errc::unavailable, fmt::format("no process: {}", std::strerror(errno))};
  if (child == 0) tell(ends[1], work());
  in.reset();

  const std::string said = hear(out.number, time_limit);
  ::kill(child, SIGKILL);
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (said == kWell) return {};
  if (!said.empty()) return Error{Errc::unavailable, said.substr(1)};
  return Error{Errc::unavailable, fmt::format("no answer within {} ms", time_limit.count())};
}

Result<void> check_backend(const std::string& url, milliseconds time_limit) {
  TRY(const net::HttpUrl backend, net::parse_url(url));
  return do_apart(time_limit, [&] { return check_here(backend, time_limit); });
}

}  // namespace app
