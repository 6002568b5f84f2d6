#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "report.h"
#include "result.h"

namespace bench {

using Clock = std::chrono::steady_clock;

/// Where the requests of a load come from: bytes that are ready to be sent.
class RequestSource {
 public:
  virtual ~RequestSource() = default;

  /// The next request for `connection` (0 up to the number of connections); the bytes stay as they
  /// are until the next call for the same connection. Called on the sending path: must be cheap.
  virtual std::string_view next(int connection) = 0;
};

/// The same request again and again.
class FixedRequest : public RequestSource {
 public:
  explicit FixedRequest(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string_view next(int) override { return bytes_; }

 private:
  std::string bytes_;
};

/// What to send, how fast, and when to stop: whichever of the two limits comes first.
struct Load {
  static constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};

  std::uint16_t port = 0;
  int connections = 40;
  std::uint64_t max_requests = kNoLimit;
  std::chrono::nanoseconds max_time{};
  /// 0: each connection sends as soon as its reply is complete. Otherwise requests are due evenly
  /// in time, whether or not earlier ones were answered, and wait only for a free connection.
  int requests_per_second = 0;
};

struct LoadResult {
  std::uint64_t ok = 0;        // replies with a 2xx status
  std::uint64_t failed = 0;    // replies with another status
  int broken_connections = 0;  // closed by the server, or silent 10 s after the end; not reopened
  Clock::time_point started;   // just before the first byte was sent
  std::chrono::nanoseconds elapsed{};    // to the last reply
  double generator_cores = 0;            // processor time of this whole program per time elapsed
  std::vector<std::int64_t> latency_ns;  // of each reply, from before its send to its last byte

  double ok_per_second() const;
};

/// Sends `load` over keep-alive connections from the calling thread, with one epoll set. Reads of a
/// reply no more than its status and its framing; a reply with neither a length nor chunks breaks
/// its connection. A connection that the server closes as it said it would is made anew, which no
/// latency counts. Fails when it cannot connect or no reply arrives at all.
Result<LoadResult> run_load(const Load& load, RequestSource& source);

/// Makes problems of refused requests and broken connections: such a figure says nothing.
void check_replies(Report& report, std::string_view figure, const LoadResult& load);

/// The `percent` percentile by nearest rank; 0 without values. Reorders `values`.
std::int64_t percentile(std::vector<std::int64_t>& values, double percent);

}  // namespace bench
