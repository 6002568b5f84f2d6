#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "tasks/store.h"

namespace tasks {

/// Reads the events of a task page by page, of which all together are one picture: the task as it
/// was at the first page, whatever is published meanwhile.
///
/// Errors: those of `TaskStore::history`; `gone` when an archive has taken the task's place.
class HistoryPages {
 public:
  static constexpr std::int64_t kPageEvents = 500;
  static constexpr std::size_t kPageBytes = std::size_t{256} << 10;

  /// `query.limit` counts the events of all pages.
  HistoryPages(TaskStore& store, std::string id, HistoryQuery query);

  /// The next page; after the one that `is_last` there is none. All but `events` and `is_last` are
  /// those of the first page.
  base::Task<base::Result<History>> next();

 private:
  void begin(const History& page);
  std::vector<Event> merge(std::vector<Event> events, bool is_last);

  TaskStore& store_;
  const std::string id_;
  HistoryQuery query_;
  bool has_begun_ = false;
  std::int64_t left_;  // events that `limit` still allows
  std::int64_t version_ = 0;
  /// What `latest` series had at the first page, by index, unless it was told.
  std::map<std::int64_t, Event> pending_;
  std::set<std::string, std::less<>> told_;  // series
};

}  // namespace tasks
