#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "tasks/store.h"

namespace tasks {

/// Reads the events of a task page by page: those there were at the first page, whatever is
/// published meanwhile, each once, by their indexes.
///
/// But of a `latest` series only the newest event is ever there. Where that was replaced before its
/// page was read, the one that has replaced it is told, if `Replaced` is `told`: as it is at the
/// end, out of the order of the indexes, before the last of the other events; so whoever goes on
/// behind the last event misses nothing. A series that began meanwhile, or stood before
/// `query.since`, may be told too. Of no series are there two events. In memory are one page, and
/// the names of the `latest` series that were told.
///
/// Errors: those of `TaskStore::history`; `gone` when an archive has taken the task's place.
class HistoryPages {
 public:
  static constexpr std::int64_t kPageEvents = 500;
  static constexpr std::size_t kPageBytes = std::size_t{256} << 10;

  enum class Replaced : bool { left_out, told };

  /// `query.limit` counts the events of all pages.
  HistoryPages(TaskStore& store, std::string id, HistoryQuery query,
               Replaced replaced = Replaced::told);

  /// The next page, which may be empty; after the one that `is_last` there is none. All but
  /// `events` and `is_last` is told by the first page only.
  base::Task<base::Result<History>> next();

 private:
  void begin(const History& page);
  void hold_back(History& page);
  base::Task<base::Result<History>> next_replaced();
  base::Error gone() const;

  TaskStore& store_;
  const std::string id_;
  const Replaced replaced_;
  HistoryQuery query_;
  bool has_begun_ = false;
  std::int64_t left_;  // events that `limit` still allows
  std::int64_t version_ = 0;
  std::set<std::string, std::less<>> told_;  // `latest` series
  std::optional<Event> held_;                // the last event that was read, where more may follow
  std::optional<LatestQuery> replaced_query_;  // once all others are read
};

}  // namespace tasks
