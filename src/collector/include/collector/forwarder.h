#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/strand.h"
#include "base/task.h"
#include "collector/buffer.h"
#include "collector/retry.h"
#include "collector/settings.h"
#include "collector/timer.h"
#include "net/http_sender.h"

namespace collector {

/// How the forwarder does, for status and health. Counts are of this process.
struct ForwarderState {
  std::int64_t pending = 0;  // in the buffer
  std::uint64_t sent = 0, failed_attempts = 0, parked = 0;
  bool connected = false;   // the last attempt was answered with a 2xx
  bool gave_up = false;     // a round of attempts has failed, and the next one only comes later
  std::string last_error;   // of the last attempt; empty when it succeeded
  std::string last_parked;  // why the last event was set aside
};

/// The events of a batch as the body of a request.
std::string batch_body(std::span<const BufferedEvent> batch, Settings::Protocol protocol);
std::string_view batch_path(Settings::Protocol protocol);

/// Whether the backend says that it is well: `unhealthy: status <code>`, or why nothing came.
base::Task<base::Result<void>> check_health(
    net::HttpSender& sender, net::HttpUrl backend,
    std::chrono::milliseconds time_limit = std::chrono::seconds{30});

/// Sends what is in the buffer to the backend, oldest first, and removes it once it has arrived.
///
/// One request at a time, so events of a session arrive in their order. A batch leaves when
/// batchSize events wait, or batchInterval after the last one left. What follows from an answer:
///
/// - 2xx: the events are removed.
/// - no answer, 408, 425, 429, 5xx: the batch is sent again, up to maxRetries times, then anew
///   after longer waits, for as long as it takes. It stays in the buffer meanwhile.
/// - a connection that is cut off kHangUps times in a row under a body of kLargeBody or more: some
///   proxies refuse a large body this way. From then on bodies have half its size at most; a single
///   event that does not get through is parked if the backend says that it is well.
/// - 400, 413, 422: the batch is sent in halves, down to the events that are refused alone, which
///   are parked with the backend's reason.
/// - any other: a matter of configuration. Nothing is lost; it is tried again every
///   kRefusedPause.
///
/// An event may arrive twice when the answer to its batch was lost; it has the same id then.
/// Thread: its strand's. Owner: app; the buffer, sender and timer outlive it and its run.
class Forwarder {
 public:
  static constexpr std::size_t kMaxBatch = 1000;
  static constexpr std::chrono::seconds kRequestLimit{30};
  static constexpr std::chrono::seconds kRefusedPause{60};
  static constexpr std::size_t kMaxReason = 500;  // bytes of an answer that are kept
  static constexpr std::size_t kLargeBody = std::size_t{64} << 10;
  static constexpr int kHangUps = 3;

  /// `settings` have been checked. `backend` is their backend_url. Becomes the listener of
  /// `buffer`, which does not run yet.
  Forwarder(base::Executor& executor, const Settings& settings, net::HttpUrl backend,
            Buffer& buffer, net::HttpSender& sender, Timer& timer, const base::Clock& clock,
            base::Metrics& metrics);

  /// Sends until it is stopped; called once.
  base::Task<void> run();

  /// From now on less than a batch leaves at once.
  void hurry();

  /// Ends the waits, sends once what is left, for at most `limit`, and returns when `run` has.
  /// What could not be sent stays in the buffer.
  base::Task<void> stop(std::chrono::milliseconds limit = std::chrono::seconds{10});

  ForwarderState state() const;

 private:
  /// What became of some events.
  struct Outcome {
    Verdict verdict = Verdict::delivered;
    std::string why;
    std::optional<std::chrono::milliseconds> retry_after;
    bool partial = false;     // some of them may have arrived
    std::size_t cut_off = 0;  // bytes of the body under which the backend hung up
  };
  using Batch = std::span<const BufferedEvent>;

  void events_stored();
  base::Task<void> wait_for_batch() REQUIRES(strand_);
  base::Task<std::vector<BufferedEvent>> read_batch() REQUIRES(strand_);
  base::Task<bool> deliver(Batch batch) REQUIRES(strand_);
  base::Task<Outcome> send(Batch batch) REQUIRES(strand_);
  base::Task<Outcome> send_in_halves(Batch batch, Outcome refusal) REQUIRES(strand_);
  base::Task<Outcome> attempt(Batch batch) REQUIRES(strand_);
  base::Task<void> remove(Batch batch) REQUIRES(strand_);
  base::Task<void> park(const BufferedEvent& event, std::string why) REQUIRES(strand_);
  base::Task<bool> tried_long_enough(std::string_view what, const base::Result<void>& done)
      REQUIRES(strand_);
  base::Task<bool> adapt_to_hang_ups(Batch batch, const Outcome& outcome) REQUIRES(strand_);
  base::Task<void> drain() REQUIRES(strand_);
  base::Task<bool> cut_off(std::chrono::milliseconds limit) REQUIRES(strand_);
  void learn_coding(const net::ClientResponse& answer) REQUIRES(strand_);
  net::ClientRequest request_for(Batch batch) REQUIRES(strand_);

  base::Strand strand_;
  const RetryPolicy policy_;
  const std::size_t batch_size_;
  const std::chrono::milliseconds batch_interval_;
  const Settings::Protocol protocol_;
  const Settings::Compression compression_;
  const std::string api_key_;
  const net::HttpUrl backend_;
  Buffer& buffer_;
  net::HttpSender& sender_;
  Timer& timer_;
  const base::Clock& clock_;
  base::Counter& sent_;
  base::Counter& failed_;

  bool gzip_ GUARDED_BY(strand_) = false;
  bool gzip_refused_ GUARDED_BY(strand_) = false;  // though it was said to be taken
  bool waits_for_size_ GUARDED_BY(strand_) = false;
  bool hurries_ GUARDED_BY(strand_) = false;
  bool running_ GUARDED_BY(strand_) = false;
  bool stopping_ GUARDED_BY(strand_) = false;
  bool out_of_time_ GUARDED_BY(strand_) = false;
  bool disk_failed_ GUARDED_BY(strand_) = false;  // at the end: what was sent is there still
  int failures_ GUARDED_BY(strand_) = 0;          // in a row
  int hang_ups_ GUARDED_BY(strand_) = 0;          // the same, under large bodies
  std::size_t max_body_ GUARDED_BY(strand_) = Buffer::kMaxReadBytes;  // bytes of events
  std::coroutine_handle<> stopper_ GUARDED_BY(strand_);
  ForwarderState state_ GUARDED_BY(strand_);
};

}  // namespace collector
