#include "tasks/history_pages.h"

#include <algorithm>

// Only events of `latest` series ever go. Those that were there at the first page are kept here;
// where a page no longer has one, it takes its place.

namespace tasks {

using base::Errc;
using base::Error;
using base::Result;

HistoryPages::HistoryPages(TaskStore& store, std::string id, HistoryQuery query)
    : store_(store),
      id_(std::move(id)),
      query_(std::move(query)),
      left_(query_.limit > 0 ? query_.limit : std::numeric_limits<std::int64_t>::max()) {
  query_.max_bytes = kPageBytes;
  query_.with_latest = true;
}

base::Task<Result<History>> HistoryPages::next() {
  query_.limit = std::min(kPageEvents, left_);
  CO_TRY(History page, co_await store_.history(id_, query_));
  if (!has_begun_) {
    begin(page);
  } else if (page.version != version_) {
    co_return Error{Errc::gone, "an archive has taken the place of task " + id_};
  }
  if (!page.events.empty()) query_.after = page.events.back().index;
  page.events = merge(std::move(page.events), page.is_last);
  if (static_cast<std::int64_t>(page.events.size()) >= left_) {
    page.events.resize(static_cast<std::size_t>(left_));
    page.is_last = true;
  }
  left_ -= static_cast<std::int64_t>(page.events.size());
  co_return page;
}

void HistoryPages::begin(const History& page) {
  has_begun_ = true;
  version_ = page.version;
  query_.through = std::min(query_.through, page.newest_index);
  query_.with_series = query_.with_task = query_.with_latest = false;
  const bool is_by_time = query_.since.timestamp && !query_.since.id && !query_.since.index;
  // The next page begins behind this one, and need not look for its beginning.
  query_.since.id.reset();
  query_.since.index.reset();
  if (!is_by_time) query_.since.timestamp.reset();
  for (const Event& event : page.latest)
    if (event.index <= query_.through && (!is_by_time || event.timestamp > *query_.since.timestamp))
      pending_.emplace(event.index, event);
}

std::vector<Event> HistoryPages::merge(std::vector<Event> events, bool is_last) {
  if (pending_.empty() && told_.empty()) return events;
  std::vector<Event> merged;
  merged.reserve(events.size());
  const auto take_pending = [&](std::int64_t below) {
    while (!pending_.empty() && pending_.begin()->first < below) {
      Event& event = pending_.begin()->second;
      told_.insert(*event.series_id);
      merged.push_back(std::move(event));
      pending_.erase(pending_.begin());
    }
  };
  for (Event& event : events) {
    take_pending(event.index);
    if (event.effective_mode() == SeriesMode::latest) {
      if (told_.contains(*event.series_id)) continue;
      std::erase_if(pending_,
                    [&](const auto& each) { return each.second.series_id == event.series_id; });
    }
    merged.push_back(std::move(event));
  }
  if (is_last) take_pending(std::numeric_limits<std::int64_t>::max());
  return merged;
}

}  // namespace tasks
