#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
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
  int refused = 0;                       // clients that got no stream but another status
  Clock::time_point last_arrival;        // of an event message
  std::vector<std::int64_t> latency_ns;  // publish to receive, with StreamScanner::Mode::stamps
};

/// What a group of clients asks for.
struct Subscription {
  enum class Ready {
    message,  // each has the stream's first message
    head,     // each has the head of its reply, for streams that are silent at first
    asked,    // each has sent its request, all in one go once all are connected
  };

  std::uint16_t port = 0;
  int clients = 1;
  StreamScanner::Mode mode = StreamScanner::Mode::count;
  StreamScanner::Stream stream = StreamScanner::Stream::monitor;
  std::string target = "/api/stream";
  Ready ready = Ready::message;
};

/// Clients of server-sent event streams, all read by one thread that this class owns. Each thousand
/// has an address of its own, so that ports are not what limits their number.
///
/// With Mode::count the thread reads in rounds a millisecond apart, so that one read takes many
/// messages and the clients leave the processor to the server; with Mode::stamps it reads at once.
class Subscribers {
 public:
  /// Returns when all clients are `ready`. Fails when one is refused before that.
  static Result<std::unique_ptr<Subscribers>> connect(const Subscription& subscription);
  ~Subscribers();

  /// Just before the first request was sent; unless all ask at once, before the first connected.
  Clock::time_point started() const { return started_; }

  /// Waits until each client still connected has got `published` event messages, or nothing has
  /// come for 3 s, or 60 s have passed; then closes the streams and tells what they saw.
  /// Called once.
  Delivery finish(std::uint64_t published);

 private:
  struct Client;

  Subscribers(std::vector<std::unique_ptr<Client>> clients, StreamScanner::Mode mode,
              Clock::time_point started);
  void read_all();                 // the thread's function
  bool read_some(Client& client);  // true when more may be there
  bool done() const;

  const StreamScanner::Mode mode_;
  const Clock::time_point started_;
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
