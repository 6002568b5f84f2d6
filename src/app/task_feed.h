#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "net/io_threads.h"
#include "net/response_stream.h"
#include "tasks/filter.h"
#include "tasks/store.h"

namespace app {

enum class SeriesFormat : std::uint8_t { delta, accumulated };

/// What a subscriber of one task asks for: docs/api.md, "Following a task".
struct TaskStreamQuery {
  tasks::EventFilter filter;
  bool is_wrapped = true;  // envelopes; false: the events as they are
  SeriesFormat format = SeriesFormat::delta;
  tasks::Cursor since;                      // an id or a moment
  std::optional<std::int64_t> since_index;  // numbers of the filtered stream up to here are skipped
  bool has_cursor = false;                  // a past was named: series are not collapsed
  std::int64_t limit = 0;                   // events of history, 0: all
};

/// Server-sent events of tasks: what the store tells goes to those who follow.
///
/// A subscriber lives on the I/O thread of its connection. It attaches, reads history up to the
/// newest event there is then, and goes on with what was told meanwhile: without a hole or a
/// repeat. What is ready for one client is one write; clients with the same view share its bytes.
/// A client whose backlog passes `max_backlog_bytes` is closed without `taskcast.done`, so that it
/// can resume; it never delays a publisher or another client.
///
/// Thread: what the store calls from any; `serve` on the connection's I/O thread.
/// Owner:  app; outlives every connection.
class TaskFeed : public tasks::StoreListener {
 public:
  struct Options {
    std::chrono::milliseconds keep_alive{15'000};
    std::size_t max_backlog_bytes = std::size_t{16} << 20;  // of one client
  };

  TaskFeed(net::IoThreads& threads, tasks::TaskStore& store, Options options,
           base::Metrics& metrics);
  ~TaskFeed() override;

  void created(std::string_view task_id) override;
  void appended(const tasks::Appended& appended) override;
  void restored(std::string_view task_id, std::int64_t newest_index,
                std::optional<tasks::Status> end) override;
  bool wants_accumulated(std::string_view task_id) const override;

  /// Serves a subscriber of one task, which exists, until it has ended or the client has gone.
  base::Task<void> serve(net::ResponseStream& stream, std::string task_id, TaskStreamQuery query);
  /// Serves a subscriber of all tasks that are created from now on.
  base::Task<void> serve_all(net::ResponseStream& stream, tasks::EventFilter filter);

  /// Streams of this task that are open.
  std::size_t subscribers(std::string_view task_id) const;
  std::size_t subscribers() const { return subscribers_.load(); }

 private:
  class Part;
  struct Batch;
  struct Subscriber;
  struct GlobalSubscriber;
  struct Interest {
    std::size_t subscribers = 0, accumulated = 0;
    std::vector<std::size_t> by_part;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  template <class T>
  using ByTask = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

  class Attached;

  /// To the threads on which somebody follows the task, or all tasks.
  void push(std::shared_ptr<Batch> batch);
  std::size_t here() const;
  base::Task<bool> replay(Subscriber& subscriber);

  tasks::TaskStore& store_;
  const Options options_;
  std::vector<std::unique_ptr<Part>> parts_;
  std::atomic<std::size_t> subscribers_{0}, global_subscribers_{0};
  base::Counter& delivered_;
  base::Counter& lagging_;

  mutable base::Mutex mutex_;
  ByTask<Interest> interests_ GUARDED_BY(mutex_);
  /// When each task was created, counted; only of tasks that global subscribers follow.
  ByTask<std::uint64_t> created_ GUARDED_BY(mutex_);
  std::uint64_t creations_ GUARDED_BY(mutex_) = 0;
};

}  // namespace app
