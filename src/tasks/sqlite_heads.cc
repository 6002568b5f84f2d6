#include "sqlite_heads.h"

#include "sqlite_rows.h"

namespace tasks {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using store::Database;

// Past these the least that is forgotten costs a few queries.
constexpr std::size_t kMostHeads = 10'000;
constexpr std::size_t kMostSeriesBytes = std::size_t{32} << 20;
constexpr std::int64_t kMostIndex = std::int64_t{1} << 53;

}  // namespace

Result<std::optional<Status>> SqliteStore::Heads::status(Database& db, std::string_view task_id) {
  if (const auto found = heads_.find(task_id); found != heads_.end())
    return std::optional<Status>(found->second.status);
  TRY(const auto text, db.text("SELECT status FROM taskcast_tasks WHERE id = ?1", task_id));
  if (!text) return std::optional<Status>();
  const auto status = parse_status(*text);
  if (!status) return Error{Errc::corrupt, "tasks.db: unknown status " + *text};
  heads_[std::string(task_id)].status = *status;
  return status;
}

void SqliteStore::Heads::set_status(std::string_view task_id, Status status) {
  heads_[std::string(task_id)].status = status;
}

Result<SqliteStore::Heads::Added> SqliteStore::Heads::add(Database& db, const std::string& task_id,
                                                          const std::vector<NewEvent>& events,
                                                          Accumulated wanted) {
  Added added;
  if (events.empty()) return added;
  Head& head = heads_[task_id];
  std::size_t accumulated_bytes = 0;
  if (!head.newest_index) {
    TRY(head.newest_index, rows::newest_index(db, task_id));
  }
  const base::Time now = clock_.now();
  added.events.reserve(events.size());
  for (const NewEvent& next : events) {
    if (*head.newest_index >= kMostIndex)
      return Error{Errc::corrupt, "the task has as many events as can be counted"};
    Event& event = added.events.emplace_back();
    static_cast<NewEvent&>(event) = next;
    event.id = ids_.next();
    event.index = *head.newest_index + 1;
    event.timestamp = now;
    Json accumulated;
    const bool is_told = wanted == Accumulated::wanted && accumulated_bytes < kMostAccumulatedBytes;
    TRY_OK(note(db, task_id, head, event, is_told ? &accumulated : nullptr));
    accumulated_bytes += accumulated.size();
    TRY_OK(rows::insert(db, task_id, event));
    head.newest_index = event.index;
    if (event.client_id && event.client_seq)
      head.unsaved_numbers[*event.client_id] = {*event.client_seq, now};
    if (!head.is_changed) changed_.push_back(task_id);
    head.is_changed = true;
    if (accumulated.empty()) continue;
    added.accumulated.resize(added.events.size());
    added.accumulated.back() = std::move(accumulated);
  }
  return added;
}

Result<SqliteStore::Heads::Series*> SqliteStore::Heads::series(Database& db,
                                                               const std::string& task_id,
                                                               Head& head, const Event& event) {
  const auto [at, is_new] = head.series.try_emplace(*event.series_id);
  if (is_new) {
    if (event.effective_mode() == SeriesMode::latest) {
      TRY(at->second.latest, rows::latest_index(db, task_id, *event.series_id));
    } else {
      TRY(const auto grown, rows::find_series(db, task_id, *event.series_id));
      if (grown) at->second.accumulation.add(*grown);
    }
  }
  return &at->second;
}

/// Takes the event into its series; of a `latest` one only the newest stays.
Result<void> SqliteStore::Heads::note(Database& db, const std::string& task_id, Head& head,
                                      const Event& event, Json* accumulated) {
  const SeriesMode mode = event.effective_mode();
  if (mode == SeriesMode::keep_all) return {};
  TRY(Series* const its, series(db, task_id, head, event));
  its->is_changed = true;
  bytes_ += event.data.size();
  if (mode == SeriesMode::accumulate) {
    its->accumulation.add(event);
    if (accumulated) *accumulated = its->accumulation.data();
    return {};
  }
  if (its->latest) TRY_OK(rows::erase(db, task_id, *its->latest));
  its->latest = event.index;
  its->unsaved = event;
  return {};
}

Result<void> SqliteStore::Heads::replace(Database& db, const Archive& archive) {
  const std::string& id = archive.task.id;
  TRY_OK(rows::clear(db, id));
  heads_.erase(id);
  Head& head = heads_[id];
  head.status = archive.task.status;
  head.is_changed = true;
  changed_.push_back(id);
  for (const Event& event : archive.events) {
    TRY_OK(note(db, id, head, event, nullptr));
    TRY_OK(rows::insert(db, id, event));
  }
  head.newest_index = static_cast<std::int64_t>(archive.events.size()) - 1;
  head.unsaved_numbers = newest_numbers(archive.events);
  return {};
}

Result<void> SqliteStore::Heads::flush(Database& db) {
  for (const std::string& task_id : changed_) {
    const auto found = heads_.find(task_id);
    if (found == heads_.end() || !found->second.is_changed) continue;
    Head& head = found->second;
    head.is_changed = false;
    TRY_OK(rows::save_newest_index(db, task_id, *head.newest_index));
    for (auto& [series_id, its] : head.series) {
      if (!its.is_changed) continue;
      its.is_changed = false;
      if (its.unsaved) {
        TRY_OK(rows::save_series(db, task_id, *its.unsaved));
        its.unsaved.reset();
      } else {
        TRY_OK(rows::save_series(db, task_id, its.accumulation.event()));
      }
    }
    if (is_terminal(head.status)) {
      TRY_OK(rows::clear_numbers(db, task_id));
      heads_.erase(found);
      continue;
    }
    for (const auto& [client_id, newest] : head.unsaved_numbers)
      TRY_OK(rows::save_number(db, task_id, client_id, newest));
    head.unsaved_numbers.clear();
  }
  changed_.clear();
  if (heads_.size() > kMostHeads || bytes_ > kMostSeriesBytes) forget();
  return {};
}

void SqliteStore::Heads::forget() {
  heads_.clear();
  changed_.clear();
  bytes_ = 0;
}

}  // namespace tasks
