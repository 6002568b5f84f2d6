#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite.h"
#include "tasks/model.h"
#include "tasks/store.h"

/// Rows of tasks.db as tasks and events, and the other way round. Thread: the database's.
namespace tasks::rows {

/// Inserts the task, or replaces all that may change of it.
base::Result<void> save(store::Database& db, const Task& task);
/// What only an archive brings; the task is saved. Its history has another version then.
base::Result<void> complete(store::Database& db, const Task& task);
base::Result<std::optional<Task>> find(store::Database& db, std::string_view id);
base::Result<TaskPage> list(store::Database& db, const ListQuery& query);

base::Result<void> insert(store::Database& db, std::string_view task_id, const Event& event);
base::Result<void> erase(store::Database& db, std::string_view task_id, std::int64_t index);
/// `invalid_argument` never: an unknown id means from the beginning.
base::Result<History> history(store::Database& db, std::string_view task_id,
                              const HistoryQuery& query);

base::Result<LatestPage> latest(store::Database& db, std::string_view task_id,
                                const LatestQuery& query);

base::Result<Numbering> numbering(store::Database& db, std::string_view task_id,
                                  std::string_view client_id);
base::Result<void> save_number(store::Database& db, std::string_view task_id,
                               std::string_view client_id, const PublisherNumber& newest);
base::Result<void> clear_numbers(store::Database& db, std::string_view task_id);

/// The newest index ever given out; -1: none.
base::Result<std::int64_t> newest_index(store::Database& db, std::string_view task_id);
base::Result<void> save_newest_index(store::Database& db, std::string_view task_id,
                                     std::int64_t index);

/// A series' newest event, the data of an accumulating one whole.
base::Result<void> save_series(store::Database& db, std::string_view task_id, const Event& event);
base::Result<std::optional<Event>> find_series(store::Database& db, std::string_view task_id,
                                               std::string_view series_id);

/// The index of the event that stands for a `latest` series.
base::Result<std::optional<std::int64_t>> latest_index(store::Database& db,
                                                       std::string_view task_id,
                                                       std::string_view series_id);

/// The task that an event of this id belongs to, if it is another than this one.
base::Result<std::optional<std::string>> other_owner(store::Database& db, std::string_view task_id,
                                                     std::string_view event_id);

/// All of a task but itself.
base::Result<void> clear(store::Database& db, std::string_view task_id);

}  // namespace tasks::rows
