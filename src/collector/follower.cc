#include "collector/follower.h"

#include <algorithm>

#include "base/log.h"
#include "cursor_index.h"
#include "follower_log.h"

// Invariants. A path is in one line at most (`queued_`), and on its way once (`busy_`); a change
// meanwhile is remembered in `again_`. What a log holds is stored in order: the next part is read
// while the one before is stored, but is stored only once that one was. follower_intake.cc takes in
// one log, follower_look.cc finds them.

namespace collector {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using base::Task;
using namespace std::chrono_literals;

constexpr std::size_t kPumps = 6;
constexpr std::size_t kMostOpen = 8;  // logs that wait for more
constexpr auto kQuiet = 10s;
constexpr auto kRetry = 5s;  // each time as much longer, up to the last
constexpr auto kLastRetry = 60s;

}  // namespace

Follower::Follower(Parts parts, Options options)
    : parts_(parts),
      options_(std::move(options)),
      strand_(parts.thread),
      items_(parts.metrics.counter("sightline_collector_events_total",
                                   "events taken from agents' logs and stored")),
      failures_(parts.metrics.counter("sightline_collector_failures_total",
                                      "logs that could not be read or stored, tried again")),
      broken_(parts.metrics.counter("sightline_collector_broken_total",
                                    "lines and documents of logs that could not be read")) {
  parts.metrics.gauge("sightline_collector_files", "logs that are followed",
                      [this] { return static_cast<double>(files_.load()); });
  parts.metrics.gauge("sightline_collector_lag_bytes", "bytes of logs that are not taken yet",
                      [this] { return static_cast<double>(behind_.load()); });
  for (const agents::Agent agent : agents::agents_in_order()) {
    AgentProgress progress;
    progress.agent = agent;
    progress_.push_back(std::move(progress));
  }
}

Follower::~Follower() = default;

Task<Result<void>> Follower::start() {
  strand_.assert_here();
  CO_TRY(auto cursors, co_await parts_.sink.cursors());
  index_ = std::make_unique<CursorIndex>(std::move(cursors));
  parts_.watcher.start([this](std::vector<FileChange> changes) {
    strand_.assert_here();
    for (const FileChange& change : changes) this->changed(change);
    run_pumps();
  });
  CO_TRY_OK(co_await look_around());
  ended();
  co_return Result<void>{};
}

Task<void> Follower::stop() {
  strand_.assert_here();
  stopping_ = true;
  parts_.watcher.stop();
  live_.clear();
  history_.clear();
  queued_.clear();
  later_.clear();
  restless_.clear();
  left_out_.clear();
  ticks_.reset();
  ended();  // whoever waits for what was in line waits in vain
  co_await idle();
  open_.clear();
}

/// Suspends until nothing is on its way.
struct IdleAwaiter {
  std::vector<std::coroutine_handle<>>& waiting;
  bool is_idle;
  bool await_ready() const { return is_idle; }
  void await_suspend(std::coroutine_handle<> waiter) { waiting.push_back(waiter); }
  void await_resume() const {}
};

Task<void> Follower::finish() {
  strand_.assert_here();
  co_await idle();
  std::vector<std::string> unsettled;
  for (const auto& [path, log] : open_)
    if (log->tail && !log->is_settled) unsettled.push_back(path);
  for (std::string& path : unsettled)
    if (!stopping_) co_await settle_quiet(std::move(path));
}

Task<void> Follower::idle() {
  strand_.assert_here();
  const bool is_idle = pumps_ == 0 && !is_looking_ && later_.empty();
  IdleAwaiter idle{waiting_for_idle_, is_idle};
  co_await idle;
}

/// A pump, or a look around, has ended.
void Follower::ended() {
  strand_.assert_here();
  set_ticking();
  if (pumps_ > 0 || is_looking_ || !later_.empty()) return;
  if (std::exchange(may_rest_, false) && options_.at_rest) options_.at_rest();
  for (const auto waiter : std::exchange(waiting_for_idle_, {}))
    parts_.thread.post([waiter] { waiter.resume(); });
}

// What there is to do.

void Follower::changed(const FileChange& change) {
  strand_.assert_here();
  using What = FileChange::What;
  if (change.what == What::lost || change.what == What::folder)
    return enqueue_at(Clock::now() + options_.debounce, "");
  if (change.what == What::moved && index_->find(change.from)) {
    // It keeps its cursor, even under a name that is no log's: what it held last is still taken.
    index_->moved(change.from, change.path);
  }
  const std::string path(log_of(change.path));
  const Cursor* cursor = index_->find(path);
  if (!cursor && !source_of(path)) return;
  if (change.what == What::removed && path != change.path) return;  // a write-ahead log
  if (cursor && agents::shape_of(cursor->format) == agents::Shape::document)
    return enqueue_at(Clock::now() + options_.debounce + time_to_read(cursor->stamp.bytes), path);
  enqueue(path, live_, 0);
}

void Follower::enqueue(const std::string& path, std::deque<std::string>& line,
                       std::uint64_t bytes) {
  strand_.assert_here();
  if (stopping_) return;
  if (busy_.contains(path)) {
    again_.insert(path);
    return;
  }
  const auto [queued, is_new] = queued_.emplace(path, bytes);
  if (is_new) line.push_back(path);
}

void Follower::enqueue_at(Clock::time_point due, const std::string& path) {
  strand_.assert_here();
  if (stopping_) return;
  // The earliest one holds, or a log that never rests is never read.
  const auto [known, is_new] = later_.emplace(path, due);
  if (!is_new) known->second = std::min(known->second, due);
  set_ticking();
}

void Follower::run_pumps() {
  strand_.assert_here();
  while (pumps_ < kPumps && !(live_.empty() && history_.empty())) {
    ++pumps_;
    pump().detach();
  }
}

Task<void> Follower::pump() {
  strand_.assert_here();
  while (!stopping_ && !(live_.empty() && history_.empty())) {
    auto& line = live_.empty() ? history_ : live_;
    const std::string path = std::move(line.front());
    line.pop_front();
    const std::uint64_t bytes = queued_.extract(path).mapped();
    if (waits_for_document(path)) continue;
    busy_.insert(path);
    auto done = co_await process(path);
    if (done) tries_.erase(path);
    if (!done) failed(path, done.error());
    history_done_ += bytes;
    busy_.erase(path);
    if (again_.erase(path) > 0) enqueue(path, live_, 0);
    // Also behind one that turned out to be no document, or to hold nothing new.
    if (document_is_open_ || documents_.empty()) continue;
    enqueue(documents_.front(), live_, 0);
    documents_.pop_front();
  }
  --pumps_;
  ended();
}

/// One document at a time: the others wait until it has been read.
bool Follower::waits_for_document(const std::string& path) {
  strand_.assert_here();
  const Cursor* cursor = index_->find(path);
  if (!document_is_open_ || !cursor || agents::shape_of(cursor->format) != agents::Shape::document)
    return false;
  if (std::find(documents_.begin(), documents_.end(), path) == documents_.end())
    documents_.push_back(path);
  return true;
}

void Follower::failed(const std::string& path, const Error& error) {
  strand_.assert_here();
  open_.erase(path);  // it is taken up again where it was stored last
  const bool is_first = ++tries_[path] == 1;
  if (error.code == Errc::cancelled || stopping_) return;
  const Cursor* cursor = index_->find(path);
  if (error.code == Errc::not_found) {
    index_->left(path);
    tries_.erase(path);
    restless_.erase(path);
    left_out_.erase(path);
    return;
  }
  if (cursor) {
    AgentProgress& progress = progress_of(cursor->agent);
    ++progress.failures;
    failures_.add();
    progress.last_failure = error.what;
  }
  if (is_first) base::log::warn("collector: {}", error.what);
  if (cursor && is_first) parts_.sink.failed(*cursor, error.what).detach();
  if (error.code == Errc::unavailable && options_.tries_again)
    enqueue_at(Clock::now() + std::min<Clock::duration>(tries_[path] * kRetry, kLastRetry), path);
}

// Time.

void Follower::tick() {
  strand_.assert_here();
  const auto now = Clock::now();
  for (auto each = later_.begin(); each != later_.end();) {
    if (each->second > now) {
      ++each;
      continue;
    }
    const std::string path = each->first;
    each = later_.erase(each);
    path.empty() ? look_around_again().detach() : enqueue(path, live_, 0);
  }
  std::vector<std::string> to_settle;
  for (auto each = open_.begin(); each != open_.end();) {
    Log& log = *each->second;
    const bool is_busy = busy_.contains(log.path) || queued_.contains(log.path);
    const auto quiet = now - log.changed_at;
    if (!is_busy && log.tail && !log.is_settled && quiet >= options_.settle)
      to_settle.push_back(log.path);
    const bool may_close = log.is_settled && (quiet >= kQuiet || open_.size() > kMostOpen);
    each = !is_busy && may_close ? open_.erase(each) : std::next(each);
  }
  for (std::string& path : to_settle) settle_quiet(std::move(path)).detach();
  // A tick may come a little early.
  const auto period = (is_polling_ ? options_.polling : options_.rediscovery) - 10ms;
  if (now - looked_at_ >= period && !is_looking_) look_around_again().detach();
  run_pumps();
  publish();
  set_ticking();
}

/// Often while something waits for a moment, once a second while logs are open, else seldom.
void Follower::set_ticking() {
  strand_.assert_here();
  if (stopping_) return;
  const std::chrono::milliseconds idle = is_polling_ ? options_.polling : options_.rediscovery;
  const std::chrono::milliseconds period = later_.empty() ? open_.empty() ? idle : 1s : 20ms;
  if (ticks_ && period == tick_period_) return;
  tick_period_ = period;
  // Not at once: it may be the old one's work that we are called from.
  parts_.thread.post([this, period] {
    strand_.assert_here();
    if (stopping_ || period != tick_period_) return;
    ticks_ = parts_.thread.every(period, [this] { tick(); });
  });
}

AgentProgress& Follower::progress_of(agents::Agent agent) {
  strand_.assert_here();
  return *std::find_if(progress_.begin(), progress_.end(),
                       [agent](const AgentProgress& each) { return each.agent == agent; });
}

void Follower::publish() {
  std::uint64_t files = 0, behind = 0;
  for (const AgentProgress& agent : status().agents) files += agent.files, behind += agent.behind;
  files_ = files;
  behind_ = behind;
}

FollowerStatus Follower::status() const {
  strand_.assert_here();
  FollowerStatus status;
  status.agents = progress_;
  const auto of = [&](agents::Agent agent) -> AgentProgress& {
    return *std::find_if(status.agents.begin(), status.agents.end(),
                         [agent](const AgentProgress& each) { return each.agent == agent; });
  };
  if (!index_) return status;
  index_->each([&](const Cursor& cursor) {
    strand_.assert_here();
    if (cursor.path.empty()) return;
    AgentProgress& progress = of(cursor.agent);
    ++progress.files;
    const auto waiting = queued_.find(cursor.path);
    const std::uint64_t new_bytes = waiting == queued_.end() ? 0 : waiting->second;
    const bool has_lines = agents::shape_of(cursor.format) == agents::Shape::lines;
    const std::uint64_t rest =
        has_lines ? cursor.stamp.bytes - std::min(cursor.offset, cursor.stamp.bytes) : 0;
    progress.bytes += std::max(cursor.stamp.bytes, cursor.offset + new_bytes);
    progress.behind += std::max(new_bytes, rest);
  });
  status.history_bytes = history_bytes_;
  status.history_done = std::min(history_done_, history_bytes_);
  status.history_is_done = has_looked_ && queued_.empty() && later_.empty() && pumps_ == 0;
  status.waiting = queued_.size() + busy_.size() + later_.size() + documents_.size();
  status.watched_folders = parts_.watcher.watched_folders();
  status.is_polling = is_polling_;
  return status;
}

}  // namespace collector
