#include "collector/follower.h"

#include <algorithm>

#include "base/log.h"
#include "cursor_index.h"
#include "follower_log.h"

namespace collector {

using base::Errc;
using base::Error;
using base::Result;
using base::Task;

struct Follower::Found {
  std::vector<agents::Source> sources;
  std::vector<std::pair<CursorIndex::Place, agents::FileStamp>> logs;
  bool is_all_watched = true;
};

Follower::Found Follower::find() const {
  Found found;
  for (const agents::Location& location : options_.locations) {
    if (stopping_) break;
    for (const std::string& folder : folders_on_the_way(location))
      found.is_all_watched &= parts_.watcher.watch(folder, Watcher::Depth::folder);
    for (agents::Source& source : agents::find_sources(location)) {
      if (source.is_folder)
        found.is_all_watched &= parts_.watcher.watch(source.path, Watcher::Depth::tree);
      for (agents::LogLocation& log : agents::logs_of(source))
        if (const auto stamp = stamp_of_log(log.format, log.path))
          found.logs.push_back({{log.agent, log.format, std::move(log.path)}, *stamp});
      found.sources.push_back(std::move(source));
    }
  }
  return found;
}

Task<Result<void>> Follower::look_around() {
  strand_.assert_here();
  is_looking_ = true;
  looked_at_ = Clock::now();
  std::function<Result<Found>(std::size_t)> work = [this](std::size_t) -> Result<Found> {
    return find();
  };
  auto found = co_await parts_.pool.run(work);
  is_looking_ = false;
  if (!found) co_return found.error();
  if (stopping_) co_return Error{Errc::cancelled, "stopping"};
  take_in(std::move(*found));
  has_looked_ = may_rest_ = true;
  auto moves = index_->take_moves();
  if (!moves.empty()) CO_TRY_OK(co_await parts_.sink.move(std::move(moves)));
  run_pumps();
  co_return Result<void>{};
}

void Follower::take_in(Found found) {
  strand_.assert_here();
  is_polling_ = !found.is_all_watched;
  for (AgentProgress& progress : progress_) progress.sources = 0;
  sources_.clear();
  for (agents::Source& source : found.sources) {
    ++progress_of(source.agent).sources;
    std::string path = source.path;
    sources_.emplace(std::move(path), std::move(source));
  }
  // First who is who, whatever has moved, then what is new in each.
  std::unordered_set<std::string_view> there;
  for (const auto& [place, stamp] : found.logs) {
    there.insert(place.path);
    const Cursor& cursor = index_->at(place, stamp);
    const bool wants_older = cursor.from && (!options_.from || *options_.from < *cursor.from);
    if (cursor.stamp == stamp && !wants_older) continue;
    const bool goes_on = agents::shape_of(place.format) == agents::Shape::lines;
    const std::uint64_t bytes =
        stamp.bytes - (goes_on && !wants_older ? std::min(cursor.offset, stamp.bytes) : 0);
    if (!queued_.contains(place.path)) history_bytes_ += bytes;
    enqueue(place.path, history_, bytes);
  }
  std::vector<std::string> gone;
  index_->each([&](const Cursor& cursor) {
    if (!cursor.path.empty() && !there.contains(cursor.path) && source_of(cursor.path))
      gone.push_back(cursor.path);
  });
  for (const std::string& path : gone) enqueue(path, history_, 0);  // to see whether it is
}

Task<void> Follower::look_around_again() {
  strand_.assert_here();
  if (is_looking_) {
    look_again_ = true;
    co_return;
  }
  auto looked = co_await look_around();
  if (!looked && !stopping_) base::log::warn("collector: {}", looked.error().what);
  if (std::exchange(look_again_, false)) enqueue_at(Clock::now() + options_.debounce, "");
  ended();
}

const agents::Source* Follower::source_of(const std::string& path) const {
  strand_.assert_here();
  for (std::string at = path;;) {
    const auto found = sources_.find(at);
    if (found != sources_.end()) return &found->second;
    const std::size_t slash = at.rfind('/');
    if (slash == at.npos || slash == 0) return nullptr;
    at.resize(slash);
  }
}

}  // namespace collector
