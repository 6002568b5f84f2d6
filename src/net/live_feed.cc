#include "net/live_feed.h"

#include <algorithm>
#include <map>

#include "base/assert.h"
#include "base/log.h"
#include "base/strand.h"

// The join of history and live. `seen` is the id up to which a subscriber has everything.
//   1. Attach, holding: live batches are kept, not sent.
//   2. Read history behind `seen` until a page says that it is the newest.
//   3. Send what was held, each batch only above `seen`; go live.
// A batch whose previous_id lies above `seen` shows a hole (a batch was skipped because the I/O
// threads were behind, or the held ones were too many): back to 1. So no step needs to succeed at
// once, and nothing is kept without bound.

namespace net {
namespace {

constexpr std::size_t kMaxHeld = 64;
constexpr std::string_view kHeartbeat = ": heartbeat\n\n";

struct Subscriber {
  ResponseStream& stream;
  const std::string channel;
  std::int64_t seen;
  bool live = false;
  bool behind = false;  // has a hole, or too much is queued: must catch up
  std::vector<std::shared_ptr<const FeedBatch>> held;
};

}  // namespace

/// Thread: its I/O thread.
class LiveFeed::Part {
 public:
  Part(LiveFeed& feed, IoThread& thread) : feed_(feed), thread_(thread), strand_(thread) {}

  void attach(Subscriber& subscriber) {
    strand_.assert_here();
    subscribers_.push_back(&subscriber);
    count_.fetch_add(1);
    if (!heartbeat_) heartbeat_ = thread_.every(feed_.heartbeat_, [this] { beat(); });
  }
  void detach(Subscriber& subscriber) {
    strand_.assert_here();
    std::erase(subscribers_, &subscriber);
    count_.fetch_sub(1);
    if (subscribers_.empty()) heartbeat_.reset();
  }

  void dispatch(const FeedBatch& batch, const std::shared_ptr<const FeedBatch>& shared) {
    strand_.assert_here();
    // Rendered at most once for each channel; the common case is that all have seen the same.
    std::map<std::pair<std::string_view, std::int64_t>, SharedBytes> rendered;
    for (Subscriber* subscriber : subscribers_) {
      if (subscriber->behind) continue;
      if (!subscriber->live) {
        if (subscriber->held.size() < kMaxHeld) {
          subscriber->held.push_back(shared);
        } else {
          subscriber->behind = true;
        }
        continue;
      }
      if (batch.last_id != 0 && batch.last_id <= subscriber->seen) continue;
      if (batch.previous_id > subscriber->seen ||
          subscriber->stream.queued_bytes() > kMaxQueuedBytes) {
        subscriber->behind = true;
        subscriber->stream.wake();
        continue;
      }
      const std::int64_t after = batch.previous_id < subscriber->seen ? subscriber->seen : 0;
      const auto [at, is_new] = rendered.try_emplace({subscriber->channel, after});
      if (is_new) at->second = batch.render(subscriber->channel, after);
      if (batch.last_id != 0) subscriber->seen = batch.last_id;
      if (at->second) subscriber->stream.send(at->second);
      feed_.delivered_.add();
    }
  }

  bool has_subscribers() const { return count_.load() > 0; }
  IoThread& thread() { return thread_; }

 private:
  void beat() {
    strand_.assert_here();
    const SharedBytes bytes = share(kHeartbeat);
    for (Subscriber* subscriber : subscribers_) subscriber->stream.send(bytes);
  }

  LiveFeed& feed_;
  IoThread& thread_;
  base::Strand strand_;
  std::vector<Subscriber*> subscribers_ GUARDED_BY(strand_);
  std::atomic<std::size_t> count_{0};
  std::unique_ptr<IoThread::Periodic> heartbeat_ GUARDED_BY(strand_);
};

LiveFeed::LiveFeed(IoThreads& threads, FeedHistory& history, std::chrono::milliseconds heartbeat,
                   base::Metrics& metrics)
    : threads_(threads),
      history_(history),
      heartbeat_(heartbeat),
      delivered_(metrics.counter("sightline_stream_batches_total",
                                 "groups of messages handed to stream clients")),
      skipped_(metrics.counter("sightline_stream_skipped_total",
                               "groups of messages left to history because delivery was behind")),
      caught_up_(metrics.counter("sightline_stream_catch_ups_total",
                                 "times a stream client read missed messages from history")) {
  for (std::size_t i = 0; i < threads.size(); ++i)
    parts_.push_back(std::make_unique<Part>(*this, threads.at(i)));
}

LiveFeed::~LiveFeed() = default;

LiveFeed::Slot LiveFeed::take_slot(std::size_t limit) {
  std::size_t now = subscribers_.load();
  while (now < limit)
    if (subscribers_.compare_exchange_weak(now, now + 1)) return Slot(*this);
  return Slot();
}

bool LiveFeed::has_subscribers() const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [](const auto& part) { return part->has_subscribers(); });
}

bool LiveFeed::announce(std::int64_t last_id) {
  // In this order: a subscriber first counts itself, then looks at the newest id. So either it is
  // seen here, or it sees the id and reads history.
  newest_id_.store(last_id);
  return has_subscribers();
}

void LiveFeed::publish(std::int64_t last_id,
                       std::function<std::shared_ptr<const FeedBatch>()> make) {
  if (in_flight_.load() >= kMaxBatchesInFlight) {
    skipped_.add();
    if (last_id > 0) skipped_id_.store(last_id);
    // What was in flight may have ended since the look above, before there was anything to show.
    if (in_flight_.load() == 0) show_skipped();
    return;
  }
  in_flight_.fetch_add(1);
  threads_.at(0).post([this, make = std::move(make)] { dispatch(make()); });
}

void LiveFeed::dispatch(std::shared_ptr<const FeedBatch> batch) {
  auto open = std::make_shared<std::atomic<std::size_t>>(parts_.size());
  for (auto& part : parts_) {
    const auto deliver = [this, &part, batch, open] {
      part->dispatch(*batch, batch);
      if (open->fetch_sub(1) == 1) finished();
    };
    // Through the queue also on this very thread: so that batches keep their order everywhere.
    part->thread().post(deliver);
  }
}

void LiveFeed::finished() {
  if (in_flight_.fetch_sub(1) == 1) show_skipped();
}

void LiveFeed::show_skipped() {
  // The last thing published may have been skipped: an empty batch shows its subscribers the hole.
  struct Marker : FeedBatch {
    SharedBytes render(const std::string&, std::int64_t) const override { return nullptr; }
  };
  if (const std::int64_t skipped = skipped_id_.exchange(0); skipped > 0) {
    auto marker = std::make_shared<Marker>();
    marker->previous_id = marker->last_id = skipped;
    in_flight_.fetch_add(1);
    threads_.at(0).post([this, marker] { dispatch(marker); });
  }
}

LiveFeed::Part& LiveFeed::here() {
  for (auto& part : parts_)
    if (part->thread().is_current()) return *part;
  base::assert_failed("an I/O thread", __FILE__, __LINE__);
}

base::Task<void> LiveFeed::serve(ResponseStream& stream, std::string channel, std::int64_t after) {
  Part& part = here();
  Subscriber subscriber{stream, std::move(channel), after, false, false, {}};
  part.attach(subscriber);
  while (!stream.is_closed()) {
    subscriber.live = subscriber.behind = false;
    subscriber.held.clear();
    for (bool is_newest = subscriber.seen >= newest(); !is_newest && !stream.is_closed();) {
      auto page = co_await history_.read(subscriber.channel, subscriber.seen);
      if (!page) {
        base::log::warn("a stream is closed, for its history cannot be read: {}",
                        page.error().what);
        stream.close();
        break;
      }
      if (page->messages) stream.send(page->messages);
      subscriber.seen = std::max(subscriber.seen, page->last_id);
      is_newest = page->is_newest;
      caught_up_.add();
      co_await stream.drained();
    }
    // Nothing suspends from here to `live`, so no batch can come in between.
    for (const auto& batch : subscriber.held) {
      if (batch->last_id == 0 || subscriber.behind) continue;
      if (batch->previous_id > subscriber.seen) subscriber.behind = true;
      if (subscriber.behind || batch->last_id <= subscriber.seen) continue;
      stream.send(batch->render(subscriber.channel, subscriber.seen));
      subscriber.seen = batch->last_id;
    }
    subscriber.held.clear();
    if (subscriber.behind) continue;
    subscriber.live = true;
    while (!subscriber.behind && !stream.is_closed()) co_await stream.woken();
    if (subscriber.behind) co_await stream.drained();
  }
  part.detach(subscriber);
}

}  // namespace net
