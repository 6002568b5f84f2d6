#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "result.h"
#include "socket.h"

namespace bench {

/// A stamp, the time of the steady clock in ns, as it stands in a text: `sent-<19 digits>`.
std::string to_sent_mark(std::int64_t ns);

/// Finds such marks in a stream of bytes, and how old each one is when it comes.
class SentMarks {
 public:
  /// Takes the next bytes, cut anywhere, that have come at `now_ns`.
  void feed(std::string_view bytes, std::int64_t now_ns);

  /// Of each mark, in the order of their coming.
  std::vector<std::int64_t>& ages_ns() { return ages_ns_; }

 private:
  std::string rest_;  // the begin of a mark whose end has not come
  std::vector<std::int64_t> ages_ns_;
};

/// The marks in the events of a live stream. Other messages of it are passed over: statistics name
/// the newest branches, and a mark that is a branch would be counted again with each of them.
class StreamedMarks {
 public:
  void feed(std::string_view bytes, std::int64_t now_ns);
  std::vector<std::int64_t>& ages_ns() { return marks_.ages_ns(); }

 private:
  std::string line_;  // that has not come to its end
  SentMarks marks_;
};

/// The backend of a collector: takes every batch of events, and notes when the marks in it came.
/// Knows no projects and machines (404).
class Receiver {
 public:
  static Result<std::unique_ptr<Receiver>> listen();
  ~Receiver();

  std::uint16_t port() const { return port_; }
  std::uint64_t batches() const { return batches_; }
  std::uint64_t bytes() const { return bytes_; }  // of batches
  std::uint64_t marks() const { return marks_; }
  /// The ages of all marks so far.
  std::vector<std::int64_t> ages_ns();

 private:
  struct Client;

  Receiver(Fd socket, std::uint16_t port);
  void serve();  // the thread's function
  bool read_some(Client& client);
  void answer(Client& client, std::string_view request_line, std::string_view body);

  Fd socket_;
  const std::uint16_t port_;
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> batches_{0}, bytes_{0}, marks_{0};
  std::mutex mutex_;
  std::vector<std::int64_t> ages_ns_;  // under the mutex
  std::thread thread_;
};

}  // namespace bench
