#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "result.h"

namespace bench {

/// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

/// A blocking TCP connection to 127.0.0.1, without Nagle's delay; from 127.0.0.`host`, each of
/// which has ports of its own.
Result<Fd> connect_to(std::uint16_t port, int host = 1);

/// Lets this program have so many open files; fails where the system's hard limit is lower.
Result<void> allow_open_files(std::uint64_t count);

/// Writes all of `bytes` to a blocking socket.
Result<void> send_all(const Fd& socket, std::string_view bytes);

/// The bytes of a GET request on a connection that stays open.
std::string to_get_request(std::uint16_t port, std::string_view target);

/// GET on a connection of its own; returns the status. Waits at most 10 s for each read.
Result<int> get_status(std::uint16_t port, std::string_view target);

/// The same for its body, of a reply with a length; an error unless the status is 200.
Result<std::string> get_body(std::uint16_t port, std::string_view target);

/// True once the user or a supervisor has asked this program to end (SIGINT, SIGTERM). Every wait
/// of the benchmarks looks at it, so that the server and the files are always cleared away.
bool stop_requested();

/// Turns SIGINT and SIGTERM into stop_requested(). Called once, before the first thread.
void catch_stop_signals();

}  // namespace bench
