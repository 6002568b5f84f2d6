#include "tasks/history_pages.h"

#include <algorithm>

// Only events of `latest` series ever go. An event that has replaced one of them has an index above
// all that there were at the first page, so no page but those at the end can repeat a series.

namespace tasks {

using base::Errc;
using base::Error;
using base::Result;

HistoryPages::HistoryPages(TaskStore& store, std::string id, HistoryQuery query, Replaced replaced)
    : store_(store),
      id_(std::move(id)),
      replaced_(replaced),
      query_(std::move(query)),
      left_(query_.limit > 0 ? query_.limit : std::numeric_limits<std::int64_t>::max()) {
  query_.max_bytes = kPageBytes;
}

base::Task<Result<History>> HistoryPages::next() {
  if (replaced_query_) {
    CO_TRY(History page, co_await next_replaced());
    co_return page;
  }
  query_.limit = std::min(kPageEvents, left_);
  CO_TRY(History page, co_await store_.history(id_, query_));
  const bool is_first = !has_begun_;
  if (is_first) begin(page);
  if (page.version != version_) co_return gone();
  if (!page.events.empty()) query_.after = page.events.back().index;
  left_ -= static_cast<std::int64_t>(page.events.size());
  if (left_ == 0) page.is_last = true;
  const bool is_whole = is_first && page.is_last;
  if (replaced_ == Replaced::told && !is_whole) hold_back(page);
  co_return page;
}

void HistoryPages::begin(const History& page) {
  has_begun_ = true;
  version_ = page.version;
  query_.through = std::min(query_.through, page.newest_index);
  query_.with_series = query_.with_task = false;
  const bool is_by_time = query_.since.timestamp && !query_.since.id && !query_.since.index;
  // The next page begins behind this one, and need not look for its beginning.
  query_.since.id.reset();
  query_.since.index.reset();
  if (!is_by_time) query_.since.timestamp.reset();
}

/// Of a page that is not all there is.
void HistoryPages::hold_back(History& page) {
  for (const Event& event : page.events)
    if (event.effective_mode() == SeriesMode::latest) told_.insert(*event.series_id);
  if (held_) page.events.insert(page.events.begin(), std::move(*held_));
  held_.reset();
  if (left_ == 0) return;
  held_ = std::move(page.events.back());
  page.events.pop_back();
  if (!page.is_last) return;
  page.is_last = false;
  replaced_query_.emplace();
  replaced_query_->behind = query_.through;
  replaced_query_->limit = static_cast<std::size_t>(kPageEvents);
  replaced_query_->max_bytes = kPageBytes;
}

base::Task<Result<History>> HistoryPages::next_replaced() {
  CO_TRY(LatestPage found, co_await store_.latest(id_, *replaced_query_));
  if (found.version != version_) co_return gone();
  replaced_query_->after = std::move(found.reached);
  History page;
  page.is_last = found.is_last;
  for (Event& event : found.events) {
    if (left_ == 0) break;
    if (!told_.insert(*event.series_id).second) continue;
    page.events.push_back(std::move(event));
    --left_;
  }
  if (left_ == 0) page.is_last = true;
  if (page.is_last) page.events.push_back(std::move(*held_));
  co_return page;
}

Error HistoryPages::gone() const {
  return {Errc::gone, "an archive has taken the place of task " + id_};
}

}  // namespace tasks
