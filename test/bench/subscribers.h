#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "load.h"
#include "result.h"
#include "wire.h"

namespace bench {

/// What a group of stream clients has seen, all clients together.
struct Delivery {
  std::uint64_t messages = 0;            // event messages
  bool all_arrived = false;              // each client got exactly as many as were published
  int disconnected = 0;                  // clients that the server cut off
  Clock::time_point last_arrival;        // of an event message
  std::vector<std::int64_t> latency_ns;  // publish to receive, with StreamScanner::Mode::stamps
};

/// Clients of GET /api/stream, all read by one thread that this class owns.
///
/// With Mode::count the thread reads in rounds a millisecond apart, so that one read takes many
/// messages and the clients leave the processor to the server; with Mode::stamps it reads at once.
class Subscribers {
 public:
  /// Returns when every client has got the stream's first message.
  static Result<std::unique_ptr<Subscribers>> connect(std::uint16_t port, int clients,
                                                      StreamScanner::Mode mode);
  ~Subscribers();

  /// Waits until each client still connected has got `published` event messages, or nothing has
  /// come for 3 s, or 30 s have passed; then closes the streams and tells what they saw.
  /// Called once.
  Delivery finish(std::uint64_t published);

 private:
  struct Client;

  Subscribers(std::vector<std::unique_ptr<Client>> clients, StreamScanner::Mode mode);
  void read_all();  // the thread's function
  void read_some(Client& client);
  bool done() const;

  const StreamScanner::Mode mode_;
  std::vector<std::unique_ptr<Client>> clients_;  // the thread's until it is joined
  Delivery seen_;                                 // likewise
  std::vector<char> buffer_;                      // likewise
  Clock::time_point last_bytes_;                  // likewise
  std::atomic<bool> finishing_{false};
  std::atomic<std::uint64_t> published_{0};  // valid once finishing_
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace bench
