#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "base/task.h"
#include "net/io_threads.h"
#include "net/response_stream.h"

namespace net {

/// Messages that were published together. Immutable once published.
class FeedBatch {
 public:
  virtual ~FeedBatch() = default;

  /// The ids of the first and last numbered message, and the id before the first: the publisher's
  /// numbers rise without a hole between one batch and the next. All 0 where messages carry none.
  std::int64_t previous_id = 0;
  std::int64_t last_id = 0;

  /// The messages for `channel` with an id above `after`, back to back; null when there are none.
  /// Called on every I/O thread that has subscribers of the channel.
  virtual SharedBytes render(const std::string& channel, std::int64_t after) const = 0;
};

/// What was published before: the part of a feed that a late or slow subscriber reads.
class FeedHistory {
 public:
  virtual ~FeedHistory() = default;

  struct Page {
    SharedBytes messages;      // null when no message of the page is for the channel
    std::int64_t last_id = 0;  // the page covers everything up to here
    bool is_newest = false;    // nothing was published behind it when it was read
  };
  virtual base::Task<base::Result<Page>> read(std::string channel, std::int64_t after) = 0;
};

/// One publisher, many subscribers, none of which can hold up another.
///
/// A subscriber lives on the I/O thread of its connection. A message is rendered once and its bytes
/// are shared. History and live join without a hole or a repeat: the subscriber attaches, reads
/// history, then takes from live what history did not have. One whose queue grows past
/// kMaxQueuedBytes leaves live until it has read what waits for it, and catches up from history;
/// one that reads nothing is closed by its connection's write timeout.
///
/// Thread: `publish` from any; `serve` on the connection's I/O thread.
/// Owner:  app::Server; outlives every connection.
class LiveFeed {
 public:
  static constexpr std::size_t kMaxQueuedBytes = std::size_t{1} << 20;
  static constexpr int kMaxBatchesInFlight = 256;  // past this, subscribers take to history

  LiveFeed(IoThreads& threads, FeedHistory& history, std::chrono::milliseconds heartbeat,
           base::Metrics& metrics);
  ~LiveFeed();

  /// Says that everything up to `last_id` is in history now; to be called before `publish`. False
  /// when nobody listens: then there is nothing to publish.
  bool announce(std::int64_t last_id);

  /// Hands `make`'s batch to all subscribers. `make` runs on an I/O thread, where it may render.
  /// Batches are delivered in the order of the calls. `last_id` is that of the batch (0 where its
  /// messages carry no ids), so that subscribers notice when it had to be skipped.
  void publish(std::int64_t last_id, std::function<std::shared_ptr<const FeedBatch>()> make);

  /// The id up to which a subscriber without a past counts everything as seen.
  std::int64_t newest() const { return newest_id_.load(); }
  bool has_subscribers() const;

  /// Serves one subscriber of `channel` to its end; it has seen everything up to `after`.
  base::Task<void> serve(ResponseStream& stream, std::string channel, std::int64_t after);

  std::size_t subscribers() const { return subscribers_.load(); }

  /// Counts one subscriber while it lives; false when there are `limit` already.
  class Slot {
   public:
    Slot() = default;
    Slot(Slot&& other) noexcept : feed_(std::exchange(other.feed_, nullptr)) {}
    Slot& operator=(Slot&& other) noexcept {
      std::swap(feed_, other.feed_);
      return *this;
    }
    ~Slot() {
      if (feed_) feed_->subscribers_.fetch_sub(1);
    }
    explicit operator bool() const { return feed_ != nullptr; }

   private:
    friend class LiveFeed;
    explicit Slot(LiveFeed& feed) : feed_(&feed) {}
    LiveFeed* feed_ = nullptr;
  };
  Slot take_slot(std::size_t limit);

 private:
  class Part;  // the subscribers of one I/O thread

  void dispatch(std::shared_ptr<const FeedBatch> batch);
  void finished();
  void show_skipped();
  Part& here();

  IoThreads& threads_;
  FeedHistory& history_;
  std::chrono::milliseconds heartbeat_;
  std::vector<std::unique_ptr<Part>> parts_;
  std::atomic<std::size_t> subscribers_{0};
  std::atomic<std::int64_t> newest_id_{0};
  std::atomic<std::int64_t> skipped_id_{0};
  std::atomic<int> in_flight_{0};
  base::Counter& delivered_;
  base::Counter& skipped_;
  base::Counter& caught_up_;
};

}  // namespace net
