#include "tasks/memory_store.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <string_view>
#include <unordered_map>

#include "base/mutex.h"
#include "base/ulid.h"
#include "event_log.h"
#include "imported_ids.h"
#include "tasks/accumulation.h"

namespace tasks {
namespace {

using base::MutexLock;
using base::Result;
using base::Time;

constexpr std::size_t kDueAtOnce = 100;
constexpr std::size_t kSearchedAtOnce = 2048;   // tasks and ids, for events of an archive
constexpr std::size_t kListedAtOnce = 1024;     // tasks that a list looks at, of all divisions
constexpr std::size_t kMostLookedAt = 4 << 10;  // for one page of a list
constexpr std::size_t kMostSeries = 1000;       // looked at for one page of `latest` ones

struct Series {
  std::int64_t newest_index = -1;
  Accumulation accumulation;  // of an `accumulate` series
};

struct Entry {
  Task task;
  std::int64_t number = 0;   // in the order of creation
  std::int64_t version = 0;  // how many archives have taken its place
  std::int64_t next_index = 0;
  std::int64_t imported = 0;  // events below this index came with an archive
  EventLog log;
  std::map<std::string, Series, std::less<>> series;
  /// Null until somebody numbers its events.
  std::unique_ptr<PublisherNumbers> clients;
};

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

/// The position of an event with this id, at or behind `begin`, where ids rise with the indexes.
std::optional<std::size_t> find_made(const EventLog& log, std::size_t begin, std::string_view id) {
  std::size_t end = log.size();
  while (begin < end) {
    const std::size_t middle = begin + (end - begin) / 2;
    const bool is_before = log.id_at(middle) < id;
    (is_before ? begin : end) = is_before ? middle + 1 : middle;
  }
  if (begin == log.size() || log.id_at(begin) != id) return std::nullopt;
  return begin;
}

/// Where the query's part of the log begins. Ids that were made here rise, those below the index
/// `imported` came with an archive and are any.
std::size_t begin_of(const EventLog& log, std::int64_t imported, const Cursor& since) {
  if (!since.id) return since.index ? log.behind(*since.index) : 0;
  const std::size_t made = log.behind(imported - 1);
  if (const auto found = find_made(log, made, *since.id)) return *found + 1;
  for (std::size_t position = made; position-- > 0;)
    if (log.id_at(position) == *since.id) return position + 1;
  return 0;
}

void read_events(const Entry& entry, const HistoryQuery& query, History& history) {
  const EventLog& log = entry.log;
  const std::size_t end = log.behind(query.through);
  const bool by_time = query.since.timestamp && !query.since.id && !query.since.index;
  std::size_t bytes = 0;
  for (std::size_t at =
           std::max(begin_of(log, entry.imported, query.since), log.behind(query.after));
       at < end; ++at) {
    if (by_time && log.timestamp_at(at) <= *query.since.timestamp) continue;
    const bool is_full =
        (query.limit > 0 && history.events.size() == static_cast<std::size_t>(query.limit)) ||
        (query.max_bytes > 0 && bytes >= query.max_bytes);
    if (is_full) {
      history.is_last = false;
      return;
    }
    history.events.push_back(log.at(at));
    bytes += size_of(history.events.back());
  }
}

using SortedIds = std::span<const std::string_view>;

/// One of `ids` that an event has which was made here. Adds what it looked at.
std::optional<std::string> find_any(const Entry& entry, SortedIds ids, std::size_t& looked_at) {
  const EventLog& log = entry.log;
  const std::size_t made = log.behind(entry.imported - 1);
  ++looked_at;
  // The usual case: it lived at another time.
  if (ids.empty() || made == log.size() || log.id_at(made) > ids.back() ||
      log.id_at(log.size() - 1) < ids.front())
    return std::nullopt;
  const auto begin = std::lower_bound(ids.begin(), ids.end(), log.id_at(made));
  const auto end = std::upper_bound(begin, ids.end(), log.id_at(log.size() - 1));
  const auto count = static_cast<std::size_t>(end - begin);
  looked_at += std::min(count, log.size() - made);
  if (count <= log.size() - made) {
    for (auto id = begin; id != end; ++id)
      if (find_made(log, made, *id)) return std::string(*id);
    return std::nullopt;
  }
  for (std::size_t at = made; at < log.size(); ++at)
    if (std::binary_search(begin, end, log.id_at(at))) return std::string(log.id_at(at));
  return std::nullopt;
}

void read_latest(const Entry& entry, const LatestQuery& query, LatestPage& page) {
  std::size_t bytes = 0, looked_at = 0;
  page.reached = query.after;
  auto at = query.after ? entry.series.upper_bound(*query.after) : entry.series.begin();
  for (; at != entry.series.end(); ++at) {
    const auto& [name, series] = *at;
    if ((query.limit > 0 && page.events.size() == query.limit) ||
        (query.max_bytes > 0 && bytes >= query.max_bytes) || ++looked_at > kMostSeries) {
      page.reached = std::prev(at)->first;
      page.is_last = false;
      return;
    }
    if (series.newest_index <= query.behind) continue;
    page.events.push_back(entry.log.at(entry.log.behind(series.newest_index - 1)));
    bytes += size_of(page.events.back());
  }
}

}  // namespace

/// The tasks of one division.
class MemoryStore::Shard {
 public:
  explicit Shard(const base::Clock& clock) : clock_(clock), ids_(clock) {}

  Result<void> create(Task task, std::atomic<std::int64_t>& created, StoreListener* listener) {
    MutexLock lock(mutex_);
    const auto [at, is_new] = entries_.try_emplace(task.id);
    if (!is_new) return task_exists(task.id);
    at->second = std::make_unique<Entry>();
    Entry& entry = *at->second;
    entry.task = std::move(task);
    number(entry, created);
    schedule(entry);
    if (listener) listener->created(entry.task.id);
    return {};
  }

  Result<Task> find(const std::string& id) {
    MutexLock lock(mutex_);
    const Entry* entry = look(id);
    if (!entry) return no_such_task(id);
    return entry->task;
  }

  /// A task in a list.
  struct Place {
    std::int64_t number;
    Shard* shard;
    std::size_t position;  // in that shard's order
  };

  /// Adds the places of tasks that the filter wants, of those numbered `from` to `to`.
  void places(const TaskFilter& filter, std::int64_t from, std::int64_t to,
              std::vector<Place>& places) {
    MutexLock lock(mutex_);
    for (std::size_t at = position_of(from); at < in_order_.size(); ++at) {
      const Entry& entry = *in_order_[at];
      if (entry.number > to) return;
      if (is_listed(filter, entry.task.status, entry.task.type))
        places.push_back({entry.number, this, at});
    }
  }

  /// The task there, if the filter wants it now.
  std::optional<Task> listed(const TaskFilter& filter, std::size_t position) {
    MutexLock lock(mutex_);
    const Task& task = in_order_[position]->task;
    if (!is_listed(filter, task.status, task.type)) return std::nullopt;
    return task;
  }

  Result<Task> update(const std::string& id, const Decide& decide, StoreListener* listener) {
    MutexLock lock(mutex_);
    Entry* entry = look(id);
    if (!entry) return no_such_task(id);
    TRY(Change change, decide(entry->task));
    unschedule(*entry);
    entry->task = std::move(change.task);
    schedule(*entry);
    add(*entry, std::move(change.events), listener);
    return entry->task;
  }

  Result<std::vector<Event>> append(const std::string& id, std::vector<NewEvent> events,
                                    StoreListener* listener) {
    MutexLock lock(mutex_);
    Entry* entry = look(id);
    if (!entry) return no_such_task(id);
    if (is_terminal(entry->task.status)) return is_over(entry->task.status);
    return add(*entry, std::move(events), listener);
  }

  Result<History> history(const std::string& id, const HistoryQuery& query) {
    MutexLock lock(mutex_);
    const Entry* entry = look(id);
    if (!entry) return no_such_task(id);
    History history;
    history.newest_index = entry->next_index - 1;
    history.status = entry->task.status;
    history.version = entry->version;
    if (query.with_task) history.task = entry->task;
    read_events(*entry, query, history);
    if (query.with_series)
      for (const auto& [name, series] : entry->series)
        if (!series.accumulation.is_empty())
          history.accumulated.push_back(series.accumulation.event());
    return history;
  }

  Result<LatestPage> latest(const std::string& id, const LatestQuery& query) {
    MutexLock lock(mutex_);
    const Entry* entry = look(id);
    if (!entry) return no_such_task(id);
    LatestPage page;
    page.version = entry->version;
    read_latest(*entry, query, page);
    return page;
  }

  bool has(std::string_view id) {
    MutexLock lock(mutex_);
    return look(id) != nullptr;
  }

  /// An event of `ids` that was made here for another task than this one, among some tasks from
  /// `position` on, which moves; nothing is left when it stays.
  std::optional<std::string> find_other(std::string_view task_id, SortedIds ids,
                                        std::size_t& position) {
    MutexLock lock(mutex_);
    for (std::size_t looked_at = 0; position < in_order_.size() && looked_at < kSearchedAtOnce;
         ++position) {
      const Entry& entry = *in_order_[position];
      if (entry.task.id == task_id) continue;
      if (auto found = find_any(entry, ids, looked_at)) return found;
    }
    return std::nullopt;
  }

  /// Whether that event of the task has this id.
  bool has_event(std::string_view task_id, std::int64_t index, std::string_view id) {
    MutexLock lock(mutex_);
    const Entry* entry = look(task_id);
    if (!entry) return false;
    const std::size_t at = entry->log.behind(index - 1);
    return at < entry->log.size() && entry->log.index_at(at) == index && entry->log.id_at(at) == id;
  }

  Result<bool> restore(Archive archive, bool overwrite, std::atomic<std::int64_t>& created,
                       StoreListener* listener) {
    MutexLock lock(mutex_);
    Entry* before = look(archive.task.id);
    if (before && !overwrite) return task_exists(archive.task.id);
    if (before) unschedule(*before);
    auto entry = std::make_unique<Entry>();
    entry->task = std::move(archive.task);
    for (const Event& event : archive.events) {
      entry->log.append(event);
      note(*entry, event);
    }
    if (auto newest = newest_numbers(archive.events); !newest.empty())
      entry->clients = std::make_unique<PublisherNumbers>(std::move(newest));
    entry->next_index = entry->imported = static_cast<std::int64_t>(archive.events.size());
    schedule(*entry);
    if (before) {
      entry->number = before->number;
      entry->version = before->version + 1;
      in_order_[position_of(entry->number)] = entry.get();
    } else {
      number(*entry, created);
    }
    if (before && listener)
      listener->restored(entry->task.id, entry->next_index - 1, end_of(entry->task));
    entries_[entry->task.id] = std::move(entry);
    return before != nullptr;
  }

  Result<Numbering> numbering(const std::string& id, const std::string& client_id) {
    MutexLock lock(mutex_);
    const Entry* entry = look(id);
    if (!entry) return no_such_task(id);
    Numbering numbering;
    numbering.ttl = entry->task.ttl;
    if (!entry->clients || is_terminal(entry->task.status)) return numbering;
    const auto found = entry->clients->find(client_id);
    if (found == entry->clients->end()) return numbering;
    numbering.newest = found->second.number;
    numbering.at = found->second.at;
    return numbering;
  }

  Time next_due() {
    MutexLock lock(mutex_);
    return due_.empty() ? Time::max() : due_.begin()->first;
  }

  void due(Time now, std::vector<std::string>& ids) {
    MutexLock lock(mutex_);
    for (const auto& [time, id] : due_) {
      if (time > now || ids.size() >= kDueAtOnce) return;
      ids.emplace_back(id);
    }
  }

 private:
  Entry* look(std::string_view id) REQUIRES(mutex_) {
    const auto found = entries_.find(id);
    return found == entries_.end() ? nullptr : found->second.get();
  }

  /// Within the lock, so that what is numbered can be found as soon as the number can.
  void number(Entry& entry, std::atomic<std::int64_t>& created) REQUIRES(mutex_) {
    entry.number = created.fetch_add(1);
    in_order_.push_back(&entry);
  }

  /// Where the first task with this number or a higher one stands.
  std::size_t position_of(std::int64_t number) const REQUIRES(mutex_) {
    const auto found = std::lower_bound(
        in_order_.begin(), in_order_.end(), number,
        [](const Entry* entry, std::int64_t wanted) { return entry->number < wanted; });
    return static_cast<std::size_t>(found - in_order_.begin());
  }

  void schedule(const Entry& entry) REQUIRES(mutex_) {
    if (const Time due = due_time(entry.task); due != Time::max()) due_.emplace(due, entry.task.id);
  }
  void unschedule(const Entry& entry) REQUIRES(mutex_) {
    due_.erase({due_time(entry.task), entry.task.id});
  }

  /// Takes the event into its series; of a `latest` one only the newest stays.
  static void note(Entry& entry, const Event& event) {
    const SeriesMode mode = event.effective_mode();
    if (mode == SeriesMode::keep_all) return;
    Series& series = entry.series[*event.series_id];
    if (mode == SeriesMode::accumulate) series.accumulation.add(event);
    if (mode == SeriesMode::latest && series.newest_index >= 0)
      entry.log.erase(series.newest_index);
    if (mode == SeriesMode::latest) series.newest_index = event.index;
  }

  std::vector<Event> add(Entry& entry, std::vector<NewEvent> events, StoreListener* listener)
      REQUIRES(mutex_) {
    std::vector<Event> stored;
    std::vector<Json> accumulated;
    std::size_t accumulated_bytes = 0;
    stored.reserve(events.size());
    const Time now = clock_.now();
    const bool wants = listener && listener->wants_accumulated(entry.task.id);
    for (NewEvent& next : events) {
      Event& event = stored.emplace_back();
      static_cast<NewEvent&>(event) = std::move(next);
      event.id = ids_.next();
      event.index = entry.next_index++;
      event.timestamp = now;
      note(entry, event);
      entry.log.append(event);
      if (event.client_id && event.client_seq) {
        if (!entry.clients) entry.clients = std::make_unique<PublisherNumbers>();
        (*entry.clients)[*event.client_id] = {*event.client_seq, now};
      }
      if (!wants || event.effective_mode() != SeriesMode::accumulate ||
          accumulated_bytes >= kMostAccumulatedBytes)
        continue;
      accumulated.resize(stored.size());
      accumulated.back() = entry.series[*event.series_id].accumulation.data();
      accumulated_bytes += accumulated.back().size();
    }
    if (!listener || stored.empty()) return stored;
    listener->appended({entry.task.id, stored, accumulated, end_of(entry.task)});
    return stored;
  }

  const base::Clock& clock_;
  base::Mutex mutex_;
  base::UlidGenerator ids_ GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::unique_ptr<Entry>, TextHash, std::equal_to<>> entries_
      GUARDED_BY(mutex_);
  std::vector<Entry*> in_order_ GUARDED_BY(mutex_);  // by their numbers
  std::set<std::pair<Time, std::string>> due_ GUARDED_BY(mutex_);
};

MemoryStore::MemoryStore(const base::Clock& clock) : imported_(std::make_unique<ImportedIds>()) {
  for (auto& shard : shards_) shard = std::make_unique<Shard>(clock);
}

MemoryStore::~MemoryStore() = default;

MemoryStore::Shard& MemoryStore::shard_of(std::string_view id) const {
  return *shards_[std::hash<std::string_view>{}(id) % kShards];
}

base::Task<Result<void>> MemoryStore::create(Task task) {
  Shard& shard = shard_of(task.id);
  co_return shard.create(std::move(task), created_, listener_);
}

base::Task<Result<Task>> MemoryStore::find(std::string id) { co_return shard_of(id).find(id); }

base::Task<Result<TaskPage>> MemoryStore::list(ListQuery query) {
  TaskPage page;
  page.newest = created_.load() - 1;
  page.reached = query.after;
  if (query.filter.matches_none) co_return page;
  const std::int64_t end = std::min(query.through, page.newest);
  const bool is_paged = query.limit > 0 || query.max_bytes > 0;
  std::size_t bytes = 0, looked_at = 0;
  std::vector<Shard::Place> places;
  while (page.reached < end) {
    if (is_paged && looked_at >= kMostLookedAt) {
      page.is_last = false;
      break;
    }
    const auto to = std::min<std::int64_t>(end, page.reached + kListedAtOnce);
    looked_at += kListedAtOnce;
    places.clear();
    for (const auto& shard : shards_) shard->places(query.filter, page.reached + 1, to, places);
    std::sort(places.begin(), places.end(),
              [](const auto& a, const auto& b) { return a.number < b.number; });
    for (const Shard::Place& place : places) {
      if ((query.limit > 0 && page.tasks.size() >= query.limit) ||
          (query.max_bytes > 0 && bytes >= query.max_bytes)) {
        page.is_last = false;
        co_return page;
      }
      page.reached = place.number;
      auto task = place.shard->listed(query.filter, place.position);
      if (!task) continue;
      bytes += size_of(*task);
      page.tasks.push_back(std::move(*task));
    }
    page.reached = to;
  }
  co_return page;
}

base::Task<Result<Task>> MemoryStore::update(std::string id, Decide decide) {
  co_return shard_of(id).update(id, decide, listener_);
}

base::Task<Result<std::vector<Event>>> MemoryStore::append(std::string id,
                                                           std::vector<NewEvent> events) {
  co_return shard_of(id).append(id, std::move(events), listener_);
}

base::Task<Result<History>> MemoryStore::history(std::string id, HistoryQuery query) {
  co_return shard_of(id).history(id, query);
}

base::Task<Result<LatestPage>> MemoryStore::latest(std::string id, LatestQuery query) {
  co_return shard_of(id).latest(id, query);
}

base::Task<Result<Numbering>> MemoryStore::numbering(std::string id, std::string client_id) {
  co_return shard_of(id).numbering(id, client_id);
}

base::Task<Result<void>> MemoryStore::settle() { co_return Result<void>(); }

/// What was made here is looked for outside of the lock: nothing made elsewhere joins it.
base::Task<Result<bool>> MemoryStore::restore(Archive archive, bool overwrite) {
  const std::string task_id = archive.task.id;
  Shard& shard = shard_of(task_id);
  if (!overwrite && shard.has(task_id)) co_return task_exists(task_id);
  if (const auto other = made_elsewhere(archive)) co_return event_exists(*other);
  std::vector<ImportedIds::Hash> ids = ImportedIds::hashes(archive.events);
  MutexLock lock(restore_mutex_);  // or two archives could bring the same event
  for (std::size_t at = 0; at < ids.size(); ++at)
    for (const ImportedIds::Place& place : imported_->find(ids[at]))
      if (place.task_id != task_id &&
          shard_of(place.task_id).has_event(place.task_id, place.index, archive.events[at].id))
        co_return event_exists(archive.events[at].id);
  auto restored = shard.restore(std::move(archive), overwrite, created_, listener_);
  if (restored) imported_->replace(task_id, std::move(ids));
  co_return restored;
}

std::optional<std::string> MemoryStore::made_elsewhere(const Archive& archive) const {
  std::vector<std::string_view> ids;
  ids.reserve(archive.events.size());
  for (const Event& event : archive.events) ids.push_back(event.id);
  std::sort(ids.begin(), ids.end());
  for (const auto& shard : shards_)
    for (std::size_t position = 0, before = 1; position != before;) {
      before = position;
      if (auto other = shard->find_other(archive.task.id, ids, position)) return other;
    }
  return std::nullopt;
}

Time MemoryStore::next_due() const {
  Time next = Time::max();
  for (const auto& shard : shards_) next = std::min(next, shard->next_due());
  return next;
}

base::Task<Result<std::vector<std::string>>> MemoryStore::due(Time now) {
  std::vector<std::string> ids;
  for (const auto& shard : shards_) shard->due(now, ids);
  co_return ids;
}

}  // namespace tasks
