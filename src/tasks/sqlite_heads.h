#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ulid.h"
#include "store/sqlite.h"
#include "tasks/accumulation.h"
#include "tasks/sqlite_store.h"
#include "tasks/store.h"

namespace tasks {

/// Where each task's events go on: what the writer of tasks.db would otherwise ask the tables for
/// at every event. Also writes events, so that the two always agree.
///
/// Thread: the writer's. Within a transaction; `forget` after one that was rolled back.
class SqliteStore::Heads {
 public:
  explicit Heads(const base::Clock& clock) : clock_(clock), ids_(clock) {}

  /// The task's status; nothing when there is no such task.
  base::Result<std::optional<Status>> status(store::Database& db, std::string_view task_id);
  /// After the task was saved.
  void set_status(std::string_view task_id, Status status);

  struct Added {
    std::vector<Event> events;
    std::vector<Json> accumulated;  // beside those of `accumulate` series
  };
  /// Gives `events` ids, times and indexes, and inserts them. The task exists.
  enum class Accumulated : bool { left_out, wanted };
  base::Result<Added> add(store::Database& db, const std::string& task_id,
                          const std::vector<NewEvent>& events, Accumulated accumulated);

  /// Inserts what was exported, in the place of whatever there was.
  base::Result<void> replace(store::Database& db, const Archive& archive);

  /// Writes what is kept once a group, such as counters: at the end of each. Nothing is kept of
  /// tasks that have ended.
  base::Result<void> flush(store::Database& db);
  void forget();

 private:
  struct Series {
    std::optional<std::int64_t> latest;  // the index of a `latest` series' event
    Accumulation accumulation;
    std::optional<Event> unsaved;  // of a `latest` series
    bool is_changed = false;
  };
  struct Head {
    Status status = Status::pending;
    std::optional<std::int64_t> newest_index;  // read when needed
    std::map<std::string, Series, std::less<>> series;
    PublisherNumbers unsaved_numbers;  // since the last flush
    bool is_changed = false;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  base::Result<Series*> series(store::Database& db, const std::string& task_id, Head& head,
                               const Event& event);
  base::Result<void> note(store::Database& db, const std::string& task_id, Head& head,
                          const Event& event, Json* accumulated);

  const base::Clock& clock_;
  base::UlidGenerator ids_;
  std::unordered_map<std::string, Head, TextHash, std::equal_to<>> heads_;
  std::vector<std::string> changed_;  // tasks, since the last flush
  std::size_t bytes_ = 0;             // of events in series since nothing was kept
};

}  // namespace tasks
