#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/ulid.h"
#include "tasks/history_pages.h"
#include "tasks/publisher_order.h"
#include "tasks/store.h"

namespace tasks {

/// What can be done with tasks, whatever keeps them.
///
/// Exactly one transition makes a task terminal; what it tells and what is published have indexes
/// in the order in which they happened, and after a terminal status there is nothing more.
/// Thread: any executor's. Owner: app; the store and the clock outlive it.
/// Errors: those of the store, each with the text that clients know.
class Engine {
 public:
  /// Whoever calls `run_due` every kDuePeriod is told of tasks that are due before the next call.
  static constexpr std::chrono::seconds kDuePeriod{5};

  /// `is_due_soon` is called on any thread.
  Engine(TaskStore& store, const base::Clock& clock, std::function<void()> is_due_soon = {})
      : store_(store),
        clock_(clock),
        is_due_soon_(std::move(is_due_soon)),
        order_(clock),
        ids_(clock) {}

  /// Makes the task, pending, with a new id unless it has one. `conflict` when that is taken.
  base::Task<base::Result<Task>> create(Task task);
  base::Task<base::Result<Task>> find(std::string id) { return store_.find(std::move(id)); }
  base::Task<base::Result<TaskPage>> list(ListQuery query) { return store_.list(std::move(query)); }

  /// `conflict`: `Invalid transition: <from> → <to>`.
  base::Task<base::Result<Task>> transition(std::string id, Transition transition);

  /// Answers what a blocked task waits for: it runs on with `result`. `conflict` when it is not, or
  /// no longer, blocked.
  base::Task<base::Result<Task>> resolve(std::string id, Json result);

  /// All of `events` or none, with successive indexes. Where some are numbered by their publisher
  /// each is stored in its turn, one by one, up to the first that is refused.
  struct Published {
    base::Result<std::vector<Event>> events = std::vector<Event>();
    std::optional<SequenceRefusal> refusal;
  };
  base::Task<Published> publish(std::string id, std::vector<NewEvent> events,
                                OutOfTurn out_of_turn = OutOfTurn::hold);
  /// The number that a publisher's next event has; nothing when it is not known.
  base::Task<base::Result<std::optional<std::int64_t>>> expected_number(std::string id,
                                                                        std::string client);

  /// The events of a task, page by page.
  HistoryPages history(std::string id, HistoryQuery query) {
    return HistoryPages(store_, std::move(id), std::move(query));
  }

  /// What an archive is made of: the task, on the first page, and its events for ArchivedEvents.
  HistoryPages archive(std::string id);
  /// Whether there was such a task before. Nobody who follows it is told; numbered events that wait
  /// for their turn wait by the archive's numbers.
  base::Task<base::Result<bool>> import_archive(Archive archive, bool overwrite);

  /// Ends the tasks whose time is over, resumes those that wait for this moment, and ends waits of
  /// publishers. Costs nothing when nothing is due.
  base::Task<void> run_due();
  /// Lets no request wait any more, so that they come to their end.
  void stop_waiting() { order_.stop(); }
  /// Whether a task is due before the next period is over.
  bool is_due_soon() const { return store_.next_due() <= clock_.now() + kDuePeriod; }

 private:
  void note(const Task& task);
  PublisherOrder::Stored known_of(const PublisherNumber& newest,
                                  std::optional<std::int64_t> ttl) const;
  base::Task<base::Result<PublisherOrder::Stored>> stored_of(std::string id, std::string client);

  TaskStore& store_;
  const base::Clock& clock_;
  const std::function<void()> is_due_soon_;
  PublisherOrder order_;
  base::Mutex mutex_;
  base::UlidGenerator ids_ GUARDED_BY(mutex_);
  std::atomic<bool> is_running_due_{false};
};

}  // namespace tasks
