#include "task_feed.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/json_writer.h"
#include "base/log.h"
#include "base/strand.h"
#include "task_frames.h"
#include "tasks/collapse.h"
#include "tasks/history_pages.h"
#include "turns.h"

// The join of history and live, for one subscriber:
//   1. Attach, holding: what is told is kept, not sent.
//   2. Read history, page by page, up to the index that was the newest at the first page.
//   3. Send what was held above that index; go live. If the task had ended when the first page was
//      read, history is all there is.
// `seen` is the index up to which the subscriber has everything.

namespace app {
namespace {

using net::SharedBytes;
using tasks::Event;
using tasks::Json;

constexpr std::size_t kPagesAtOnce = 8;  // of history, read for the clients of one I/O thread
constexpr std::string_view kKeepAlive = ":keepalive\n\n";

/// Of the frames of these events, about.
std::size_t bytes_of(const std::vector<Event>& events) {
  constexpr std::size_t kFrame = 220;
  std::size_t bytes = 0;
  for (const Event& event : events) bytes += kFrame + size_of(event);
  return bytes;
}

}  // namespace

/// Events of one task on their way to its subscribers.
struct TaskFeed::Batch {
  std::string task_id;
  std::vector<Event> events;
  std::vector<Json> accumulated;
  std::optional<tasks::Status> end;
  std::optional<std::int64_t> restored_to;  // the newest index of an archive that came in
  std::uint64_t creation = 0;               // of the task, where global subscribers may want it
  std::size_t bytes = 0;
};

struct TaskFeed::Subscriber {
  net::ResponseStream& stream;
  const std::string task_id;
  const TaskStreamQuery query;
  const std::string view;  // equal where equal events look equal
  std::int64_t seen = -1;
  std::int64_t next_number = 0;  // in the filtered stream
  bool is_live = false;
  bool is_over = false;  // it has its `done`, or is too slow
  std::vector<std::shared_ptr<const Batch>> held = {};
  std::size_t held_bytes = 0;
  std::optional<tasks::Status> end = {};  // the task had ended when history was read
};

struct TaskFeed::GlobalSubscriber {
  net::ResponseStream& stream;
  const tasks::EventFilter filter;
  const std::uint64_t since;  // tasks created after so many
};

/// The subscribers of one I/O thread. Thread: that one, but for `push`.
class TaskFeed::Part {
 public:
  Part(TaskFeed& feed, net::IoThread& thread)
      : feed_(feed), thread_(thread), strand_(thread), reading_(thread, kPagesAtOnce) {}

  bool is_here() const { return thread_.is_current(); }

  /// Who reads history, and has not handed on yet what it got.
  Slots& reading() {
    strand_.assert_here();
    return reading_;
  }

  /// From any thread.
  void push(std::shared_ptr<const Batch> batch) {
    base::MutexLock lock(mutex_);
    inbox_.push_back(std::move(batch));
    if (inbox_.size() == 1) thread_.post([this] { drain(); });
  }

  void attach(Subscriber& subscriber) {
    strand_.assert_here();
    by_task_[subscriber.task_id].push_back(&subscriber);
    count(+1);
  }
  void detach(Subscriber& subscriber) {
    strand_.assert_here();
    const auto found = by_task_.find(subscriber.task_id);
    std::erase(found->second, &subscriber);
    if (found->second.empty()) by_task_.erase(found);
    count(-1);
  }
  void attach(GlobalSubscriber& subscriber) {
    strand_.assert_here();
    globals_.push_back(&subscriber);
    count(+1);
  }
  void detach(GlobalSubscriber& subscriber) {
    strand_.assert_here();
    std::erase(globals_, &subscriber);
    count(-1);
  }

  /// Sends what was held while history was read.
  void go_live(Subscriber& subscriber) {
    strand_.assert_here();
    const auto held = std::exchange(subscriber.held, {});
    subscriber.held_bytes = 0;
    std::vector<const Batch*> batches;
    for (const auto& batch : held) batches.push_back(batch.get());
    Rendered rendered = render(subscriber, batches);
    take(subscriber, rendered);
  }

 private:
  /// What some batches are for one view of them.
  struct Rendered {
    SharedBytes bytes;  // null: nothing to be shown
    std::int64_t seen = -1, next_number = 0;
    bool is_over = false;
    bool is_torn = false;  // what a series has grown to is not known
  };

  void count(int change) REQUIRES(strand_) {
    clients_ = static_cast<std::size_t>(static_cast<std::int64_t>(clients_) + change);
    if (clients_ == 0) {
      keep_alive_.reset();
    } else if (!keep_alive_) {
      keep_alive_ = thread_.every(feed_.options_.keep_alive, [this] { keep_alive(); });
    }
  }

  void keep_alive() {
    strand_.assert_here();
    const SharedBytes bytes = net::share(kKeepAlive);
    for (const auto& [id, subscribers] : by_task_)
      for (Subscriber* subscriber : subscribers) subscriber->stream.send(bytes);
    for (GlobalSubscriber* subscriber : globals_) subscriber->stream.send(bytes);
  }

  void drain() {
    strand_.assert_here();
    std::vector<std::shared_ptr<const Batch>> batches;
    {
      base::MutexLock lock(mutex_);
      batches.swap(inbox_);
    }
    // All that a client gets from this round is one write, so each task's batches go together.
    std::map<std::string_view, std::vector<std::shared_ptr<const Batch>>> by_task;
    for (auto& batch : batches) {
      deliver_globally(*batch);
      by_task[batch->task_id].push_back(batch);
    }
    for (const auto& [task_id, of_task] : by_task) deliver(task_id, of_task);
  }

  void deliver(std::string_view task_id, const std::vector<std::shared_ptr<const Batch>>& batches)
      REQUIRES(strand_) {
    const auto found = by_task_.find(task_id);
    if (found == by_task_.end()) return;
    std::vector<const Batch*> plain;
    for (const auto& batch : batches) plain.push_back(batch.get());
    // Rendered once for all who see the same: the common case is that all do.
    std::map<std::tuple<std::string_view, std::int64_t, std::int64_t>, Rendered> rendered;
    auto last = rendered.end();
    for (Subscriber* subscriber : found->second) {
      if (subscriber->is_over) continue;
      if (!subscriber->is_live) {
        hold(*subscriber, batches);
        continue;
      }
      const std::tuple sees(std::string_view(subscriber->view), subscriber->seen,
                            subscriber->next_number);
      if (last == rendered.end() || last->first != sees) {
        const auto [at, is_new] = rendered.try_emplace(sees);
        if (is_new) at->second = render(*subscriber, plain);
        last = at;
      }
      take(*subscriber, last->second);
    }
  }

  void hold(Subscriber& subscriber, const std::vector<std::shared_ptr<const Batch>>& batches) {
    for (const auto& batch : batches) {
      // What it reads at the moment is no longer what there is.
      if (batch->restored_to) return give_up(subscriber);
      subscriber.held.push_back(batch);
      subscriber.held_bytes += batch->bytes;
    }
    if (subscriber.held_bytes > feed_.options_.max_backlog_bytes) give_up(subscriber);
  }

  /// Closed without `done`: the client knows that it can resume.
  void give_up(Subscriber& subscriber) {
    subscriber.is_over = true;
    subscriber.held.clear();
    feed_.lagging_.add();
    subscriber.stream.close();
    subscriber.stream.wake();
  }

  Rendered render(const Subscriber& subscriber, const std::vector<const Batch*>& batches) {
    Rendered out{nullptr, subscriber.seen, subscriber.next_number, false, false};
    const TaskStreamQuery& query = subscriber.query;
    std::string text;
    for (const Batch* batch : batches) {
      if (batch->restored_to) out.seen = *batch->restored_to;  // indexes go on from there
      for (std::size_t i = 0; i < batch->events.size(); ++i) {
        const Event& event = batch->events[i];
        if (event.index <= out.seen) continue;
        out.seen = event.index;
        if (!query.filter.accepts(event)) continue;
        const std::int64_t number = out.next_number++;
        if (query.since_index && number <= *query.since_index) continue;
        tasks::EventView view;
        if (query.format == SeriesFormat::accumulated &&
            event.effective_mode() == tasks::SeriesMode::accumulate) {
          if (i < batch->accumulated.size()) view.data = batch->accumulated[i];
          if (view.data.empty()) out.is_torn = true;
        }
        append_event_frame(text, batch->task_id, event, query.is_wrapped, number, view);
      }
      if (!batch->end) continue;
      append_done_frame(text, *batch->end);
      out.is_over = true;
      break;
    }
    if (!text.empty()) out.bytes = net::share(text);
    return out;
  }

  /// One that has not read what it was sent before is too slow.
  bool is_lagging(const net::ResponseStream& stream) const {
    return stream.queued_bytes() > feed_.options_.max_backlog_bytes;
  }

  void take(Subscriber& subscriber, const Rendered& rendered) {
    if (rendered.is_torn || is_lagging(subscriber.stream)) return give_up(subscriber);
    subscriber.seen = rendered.seen;
    subscriber.next_number = rendered.next_number;
    if (rendered.bytes) subscriber.stream.send(rendered.bytes);
    feed_.delivered_.add();
    if (!rendered.is_over) return;
    subscriber.is_over = true;
    subscriber.stream.wake();
  }

  void deliver_globally(const Batch& batch) REQUIRES(strand_) {
    for (GlobalSubscriber* subscriber : globals_) {
      if (batch.creation <= subscriber->since) continue;
      std::string text;
      for (const Event& event : batch.events)
        if (subscriber->filter.accepts(event))
          append_event_frame(text, batch.task_id, event, true, 0, {});
      if (text.empty()) continue;
      if (!is_lagging(subscriber->stream)) {
        subscriber->stream.send(net::share(text));
        continue;
      }
      feed_.lagging_.add();
      subscriber->stream.close();
      subscriber->stream.wake();
    }
  }

  TaskFeed& feed_;
  net::IoThread& thread_;
  base::Strand strand_;
  Slots reading_ GUARDED_BY(strand_);
  std::unordered_map<std::string, std::vector<Subscriber*>, TextHash, std::equal_to<>> by_task_
      GUARDED_BY(strand_);
  std::vector<GlobalSubscriber*> globals_ GUARDED_BY(strand_);
  std::size_t clients_ GUARDED_BY(strand_) = 0;
  std::unique_ptr<net::IoThread::Periodic> keep_alive_ GUARDED_BY(strand_);

  base::Mutex mutex_;
  std::vector<std::shared_ptr<const Batch>> inbox_ GUARDED_BY(mutex_);
};

/// Counts a subscriber of a task while it lives.
class TaskFeed::Attached {
 public:
  Attached(TaskFeed& feed, std::size_t part, Subscriber& subscriber)
      : feed_(feed), part_(part), subscriber_(subscriber) {
    count(+1);
    feed_.parts_[part_]->attach(subscriber_);
  }
  ~Attached() {
    feed_.parts_[part_]->detach(subscriber_);
    count(-1);
  }
  Attached(const Attached&) = delete;

 private:
  void count(int change) {
    feed_.subscribers_.fetch_add(static_cast<std::size_t>(change));
    base::MutexLock lock(feed_.mutex_);
    const auto at = feed_.interests_.try_emplace(subscriber_.task_id).first;
    Interest& interest = at->second;
    interest.by_part.resize(feed_.parts_.size());
    interest.by_part[part_] += static_cast<std::size_t>(change);
    interest.subscribers += static_cast<std::size_t>(change);
    if (subscriber_.query.format == SeriesFormat::accumulated)
      interest.accumulated += static_cast<std::size_t>(change);
    if (interest.subscribers == 0) feed_.interests_.erase(at);
  }

  TaskFeed& feed_;
  const std::size_t part_;
  Subscriber& subscriber_;
};

TaskFeed::TaskFeed(net::IoThreads& threads, tasks::TaskStore& store, Options options,
                   base::Metrics& metrics)
    : store_(store),
      options_(options),
      delivered_(metrics.counter("sightline_task_stream_writes_total",
                                 "groups of task events handed to stream clients")),
      lagging_(metrics.counter("sightline_task_streams_lagging_total",
                               "task streams closed because the client read too slowly")) {
  for (std::size_t i = 0; i < threads.size(); ++i)
    parts_.push_back(std::make_unique<Part>(*this, threads.at(i)));
}

TaskFeed::~TaskFeed() = default;

void TaskFeed::created(std::string_view task_id) {
  if (global_subscribers_.load() == 0) return;
  base::MutexLock lock(mutex_);
  created_.insert_or_assign(std::string(task_id), ++creations_);
}

bool TaskFeed::wants_accumulated(std::string_view task_id) const {
  if (subscribers_.load() == 0) return false;
  base::MutexLock lock(mutex_);
  const auto found = interests_.find(task_id);
  return found != interests_.end() && found->second.accumulated > 0;
}

std::size_t TaskFeed::subscribers(std::string_view task_id) const {
  base::MutexLock lock(mutex_);
  const auto found = interests_.find(task_id);
  return found == interests_.end() ? 0 : found->second.subscribers;
}

void TaskFeed::appended(const tasks::Appended& appended) {
  if (subscribers_.load() == 0 && global_subscribers_.load() == 0) return;
  auto batch = std::make_shared<Batch>();
  batch->task_id = appended.task_id;
  batch->end = appended.end;
  {
    base::MutexLock lock(mutex_);
    const bool is_followed = interests_.contains(appended.task_id);
    const auto found = created_.find(appended.task_id);
    if (!is_followed && found == created_.end()) return;
    if (found != created_.end()) batch->creation = found->second;
    if (found != created_.end() && appended.end) created_.erase(found);
  }
  batch->events.assign(appended.events.begin(), appended.events.end());
  batch->accumulated.assign(appended.accumulated.begin(), appended.accumulated.end());
  for (const Event& event : batch->events) batch->bytes += event.data.size() + sizeof event;
  for (const Json& data : batch->accumulated) batch->bytes += data.size();
  push(std::move(batch));
}

void TaskFeed::restored(std::string_view task_id, std::int64_t newest_index,
                        std::optional<tasks::Status> end) {
  if (subscribers_.load() == 0) return;
  auto batch = std::make_shared<Batch>();
  batch->task_id = task_id;
  batch->restored_to = newest_index;
  batch->end = end;
  push(std::move(batch));
}

void TaskFeed::push(std::shared_ptr<Batch> batch) {
  std::vector<bool> wanted(parts_.size(), batch->creation > 0);
  {
    base::MutexLock lock(mutex_);
    if (const auto found = interests_.find(batch->task_id); found != interests_.end())
      for (std::size_t i = 0; i < parts_.size(); ++i)
        if (found->second.by_part[i] > 0) wanted[i] = true;
  }
  for (std::size_t i = 0; i < parts_.size(); ++i)
    if (wanted[i]) parts_[i]->push(batch);
}

std::size_t TaskFeed::here() const {
  for (std::size_t i = 0; i < parts_.size(); ++i)
    if (parts_[i]->is_here()) return i;
  base::assert_failed("an I/O thread", __FILE__, __LINE__);
}

/// False when history cannot be read, or the client has gone.
base::Task<bool> TaskFeed::replay(Subscriber& subscriber) {
  const TaskStreamQuery& query = subscriber.query;
  tasks::HistoryQuery all;
  all.since = query.since;
  all.limit = query.limit;
  all.with_series = !query.has_cursor;
  // What has replaced an event meanwhile is held already, to be sent behind this.
  tasks::HistoryPages pages(store_, subscriber.task_id, std::move(all),
                            tasks::HistoryPages::Replaced::left_out);
  std::optional<tasks::Collapse> collapse;
  for (bool is_first = true;; is_first = false) {
    Slots::Slot slot = co_await parts_[here()]->reading().take();
    if (subscriber.stream.is_closed()) co_return false;
    auto page = co_await pages.next();
    if (!page) {
      base::log::warn("a task's stream is closed, for its history cannot be read: {}",
                      page.error().what);
      co_return false;
    }
    if (is_first) {
      if (!query.has_cursor) collapse.emplace(std::move(page->accumulated));
      if (query.limit == 0) subscriber.seen = page->newest_index;
      if (tasks::is_terminal(page->status)) subscriber.end = page->status;
    }
    std::string text;
    text.reserve(bytes_of(page->events));
    for (Event& next : page->events) {
      subscriber.seen = std::max(subscriber.seen, next.index);
      tasks::EventView view;
      if (collapse) {
        auto item = collapse->next(std::move(next));
        if (!item) continue;
        next = std::move(item->event);
        view.is_snapshot = item->is_snapshot;
        subscriber.seen = std::max(subscriber.seen, next.index);
      }
      if (!query.filter.accepts(next)) continue;
      const std::int64_t number = subscriber.next_number++;
      if (query.since_index && number <= *query.since_index) continue;
      append_event_frame(text, subscriber.task_id, next, query.is_wrapped, number, view);
    }
    if (!text.empty()) subscriber.stream.send(net::share(text));
    page->events.clear();
    std::string().swap(text);
    slot.give_back();
    co_await subscriber.stream.drained();
    co_await NextTurn();  // a client that reads fast must not keep the others waiting
    if (subscriber.stream.is_closed()) co_return false;
    if (page->is_last) break;
  }
  co_return true;
}

base::Task<void> TaskFeed::serve(net::ResponseStream& stream, std::string task_id,
                                 TaskStreamQuery query) {
  const std::size_t part = here();
  std::string view = view_of(query);
  Subscriber subscriber{
      stream, std::move(task_id), std::move(query), std::move(view), -1, 0, false, false, {}, 0};
  const Attached attached(*this, part, subscriber);
  // What is being stored was not asked whether somebody wants what series grow to.
  if (subscriber.query.format == SeriesFormat::accumulated) {
    const auto settled = co_await store_.settle();
    if (!settled) base::log::warn("a task's stream: {}", settled.error().what);
  }
  const bool has_replayed = co_await replay(subscriber);
  if (!has_replayed) {
    stream.close();
    co_return;
  }
  parts_[part]->go_live(subscriber);
  // Nothing suspends from here on, so no batch can come in between.
  if (!subscriber.is_over && subscriber.end) {
    std::string done;
    append_done_frame(done, *subscriber.end);
    stream.send(net::share(done));
    subscriber.is_over = true;
  }
  subscriber.is_live = true;
  while (!subscriber.is_over && !stream.is_closed()) co_await stream.woken();
}

base::Task<void> TaskFeed::serve_all(net::ResponseStream& stream, tasks::EventFilter filter) {
  const std::size_t part = here();
  global_subscribers_.fetch_add(1);
  std::uint64_t since = 0;
  {
    base::MutexLock lock(mutex_);
    since = creations_;
  }
  GlobalSubscriber subscriber{stream, std::move(filter), since};
  parts_[part]->attach(subscriber);
  stream.send(net::share(kKeepAlive));
  while (!stream.is_closed()) co_await stream.woken();
  parts_[part]->detach(subscriber);
  if (global_subscribers_.fetch_sub(1) == 1) {
    base::MutexLock lock(mutex_);
    if (global_subscribers_.load() == 0) created_.clear();
  }
}

}  // namespace app
