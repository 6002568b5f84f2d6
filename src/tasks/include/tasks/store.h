#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "tasks/model.h"
#include "tasks/state_machine.h"

/// What keeps tasks: one interface, an adapter for each kind of store, one contract suite for all
/// (store_contract.h). The engine does not know which one it has.
namespace tasks {

/// Events of one task that were stored together.
struct Appended {
  std::string_view task_id;
  std::span<const Event> events;
  /// Beside each event: the data that its `accumulate` series has grown to, where somebody wants
  /// it. Shorter than `events`, or empty at a place: not known.
  std::span<const Json> accumulated;
  std::optional<Status> end;  // the terminal status that these events tell
};

/// Is told what was stored.
///
/// Thread: whichever the store works on; events of one task in the order of their indexes, before
/// the caller of `append` or `update` resumes. Must neither block nor call the store.
class StoreListener {
 public:
  virtual ~StoreListener() = default;
  /// Before anything can be appended to the task.
  virtual void created(std::string_view task_id) = 0;
  virtual void appended(const Appended& appended) = 0;
  /// An archive stands where the task was; indexes go on behind `newest_index`.
  virtual void restored(std::string_view task_id, std::int64_t newest_index,
                        std::optional<Status> end) = 0;
  /// Whether somebody wants the accumulated data of this task's events. Who begins to want it has
  /// it of all that is stored after `TaskStore::settle`.
  virtual bool wants_accumulated(std::string_view task_id) const = 0;
};

/// Where reading begins: behind an event, an index, or a moment; the first of them that is set.
struct Cursor {
  std::optional<std::string> id;  // unknown: from the beginning
  std::optional<std::int64_t> index;
  std::optional<base::Time> timestamp;
};

/// A part of a task's events.
struct HistoryQuery {
  Cursor since;
  std::int64_t after = -1;  // besides: only events above this index
  /// Only events up to this index. The first page of a reading tells the newest index there is;
  /// later pages ask for no more than that.
  std::int64_t through = std::numeric_limits<std::int64_t>::max();
  std::int64_t limit = 0;     // events of this page, 0: all
  std::size_t max_bytes = 0;  // of them, about, but for one event at least; 0: any
  bool with_series = false;   // also `accumulated`
  bool with_task = false;     // also `task`
};

struct History {
  std::vector<Event> events;        // ascending by index
  std::int64_t newest_index = -1;   // the highest index ever given out; -1: none
  Status status = Status::pending;  // of the task, in the same moment
  std::optional<Task> task;
  /// The newest event of each `accumulate` series, its data what the series has grown to.
  std::vector<Event> accumulated;
  bool is_last = true;       // nothing behind `events` is within the query
  std::int64_t version = 0;  // another one once an archive has taken the task's place
};

/// A part of the events of `latest` series, by the names of the series.
struct LatestQuery {
  std::int64_t behind = -1;          // only events above this index
  std::optional<std::string> after;  // only series with a name above
  std::size_t limit = 0;             // events of this page, 0: all
  std::size_t max_bytes = 0;         // of them, about, but for one event at least; 0: any
};

struct LatestPage {
  std::vector<Event> events;
  std::optional<std::string> reached;  // the next page begins behind this name
  bool is_last = true;
  std::int64_t version = 0;  // as in a history
};

struct TaskFilter {
  std::vector<Status> statuses;     // empty: any
  std::optional<std::string> type;  // exact
  bool matches_none = false;        // asked for statuses of which there is none
};

/// A part of the list of tasks. Each has a number in the order of their creation.
struct ListQuery {
  TaskFilter filter;
  std::int64_t after = -1;  // only tasks with a number above
  /// Only tasks up to this number. As with events: what the first page calls the newest.
  std::int64_t through = std::numeric_limits<std::int64_t>::max();
  std::size_t limit = 0;      // tasks of this page, 0: all
  std::size_t max_bytes = 0;  // of them, about, but for one task at least; 0: any
};

struct TaskPage {
  std::vector<Task> tasks;    // as they were when each was looked at
  std::int64_t reached = -1;  // the next page begins behind this number
  std::int64_t newest = -1;   // the number of the newest task there is; -1: none
  bool is_last = true;        // nothing behind `reached` is within the query
};

struct Archive {
  Task task;
  std::vector<Event> events;  // indexes 0, 1, 2 ...
};

/// The newest number of a publisher that numbers its events, and when that was stored.
struct PublisherNumber {
  std::int64_t number = 0;
  base::Time at{};
};
/// By client id.
using PublisherNumbers = std::map<std::string, PublisherNumber, std::less<>>;

/// Of an archive: the largest of each publisher, for a series has its newest number where its first
/// event stood.
PublisherNumbers newest_numbers(const std::vector<Event>& archived);

/// What is stored of a publisher that numbers its events, and of its task.
struct Numbering {
  std::optional<std::int64_t> newest;  // the number of its newest event, unless the task has ended
  base::Time at{};                     // when that was stored
  std::optional<std::int64_t> ttl;     // of the task
};

/// Computes what an update does to the task as it is. May be called more than once, on any thread;
/// pure. Its error is the update's.
using Decide = std::function<base::Result<Change>(const Task& now)>;

/// Keeps tasks, their events and series.
///
/// Every operation is atomic for all users of the store. Indexes are unique, and events of a task
/// are stored and told to the listener in their order. Ids and times of events are the store's.
/// Thread: any executor's; the caller resumes on its own.
/// Errors: those named below, and of the world: `unavailable`, `corrupt`.
class TaskStore {
 public:
  virtual ~TaskStore() = default;

  /// Before anything else is called.
  virtual void set_listener(StoreListener& listener) = 0;

  /// `conflict`: `Task already exists: <id>`.
  virtual base::Task<base::Result<void>> create(Task task) = 0;
  /// `not_found`: `Task not found: <id>`, as of all that follow.
  virtual base::Task<base::Result<Task>> find(std::string id) = 0;
  /// In the order of their creation. A page may be empty and not the last.
  virtual base::Task<base::Result<TaskPage>> list(ListQuery query) = 0;

  /// Stores what `decide` makes of the task, and its events; returns the task as it is then.
  virtual base::Task<base::Result<Task>> update(std::string id, Decide decide) = 0;

  /// Stores all of `events`, or none; returns them as they are stored.
  /// `invalid_argument`: `Cannot publish to task in terminal status: <status>`.
  virtual base::Task<base::Result<std::vector<Event>>> append(std::string id,
                                                              std::vector<NewEvent> events) = 0;

  virtual base::Task<base::Result<History>> history(std::string id, HistoryQuery query) = 0;
  /// A page may be empty and not the last.
  virtual base::Task<base::Result<LatestPage>> latest(std::string id, LatestQuery query) = 0;

  virtual base::Task<base::Result<Numbering>> numbering(std::string id, std::string client_id) = 0;

  /// Returns when all that was being stored at the call is stored.
  virtual base::Task<base::Result<void>> settle() = 0;

  /// Puts `archive` in the place of what there is of its task; returns whether there was something.
  /// `conflict` when there is and `overwrite` is false, or an event's id is another task's.
  virtual base::Task<base::Result<bool>> restore(Archive archive, bool overwrite) = 0;

  /// When the next task times out or resumes; the maximum when none does. Cheap.
  virtual base::Time next_due() const = 0;
  /// The ids of tasks that have timed out or are to resume by `now`, some at most.
  virtual base::Task<base::Result<std::vector<std::string>>> due(base::Time now) = 0;
};

/// Together no more than this much accumulated data is told of events that are stored together.
inline constexpr std::size_t kMostAccumulatedBytes = std::size_t{8} << 20;

/// The texts of the store's errors.
base::Error no_such_task(std::string_view id);
base::Error task_exists(std::string_view id);
base::Error is_over(Status status);
base::Error event_exists(std::string_view id);

/// Whether a list of tasks has it.
bool is_listed(const TaskFilter& filter, Status status, const std::optional<std::string>& type);

/// About how many bytes it takes.
std::size_t size_of(const Task& task);
std::size_t size_of(const Event& event);

/// Its status, if that is terminal.
std::optional<Status> end_of(const Task& task);

/// When something is to happen to the task by itself; the maximum when nothing is.
base::Time due_time(const Task& task);

}  // namespace tasks
