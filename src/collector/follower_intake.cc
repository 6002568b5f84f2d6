#include "collector/follower.h"

#include <algorithm>
#include <future>

#include "base/log.h"
#include "base/started.h"
#include "cursor_index.h"
#include "follower_log.h"

namespace collector {
namespace {

constexpr std::size_t kPartBytes = std::size_t{1} << 20;     // of a log, read at a time
constexpr std::size_t kWaitingBytes = std::size_t{1} << 20;  // of items, stored at a time
constexpr int kPatience = 20;  // so many times as long as it should rest a document may change

/// How long nobody has written to it; below zero where clocks differ.
std::chrono::nanoseconds age_of(const agents::FileStamp& stamp) {
  return std::chrono::system_clock::now().time_since_epoch() -
         std::chrono::nanoseconds{stamp.modified_ns};
}

}  // namespace

using base::Errc;
using base::Error;
using base::Result;
using base::Task;

Task<Result<void>> Follower::process(std::string path) {
  strand_.assert_here();
  CO_TRY(Log* const log, co_await open(path));
  if (!log) co_return Result<void>{};
  log->changed_at = Clock::now();
  log->is_settled = false;
  if (log->tail) {
    CO_TRY_OK(co_await read_lines(*log));
    // One that was written a while ago is not likely to grow soon.
    if (log->is_settled && !again_.contains(path)) open_.erase(path);
    co_return Result<void>{};
  }
  auto done = co_await read_document(*log);
  open_.erase(path);
  co_return done;
}

/// The log at `path`, open; null when there is nothing new in it, or it is none.
Task<Result<Follower::Log*>> Follower::open(std::string path) {
  strand_.assert_here();
  const Cursor* known = index_->find(path);
  const agents::Source* source = source_of(path);
  std::optional<agents::Source> looked_at;
  if (!known && source) looked_at = *source;
  std::optional<agents::Format> format;
  if (known) format = known->format;
  std::function<Result<agents::FileStamp>(std::size_t)> look =
      [&](std::size_t) -> Result<agents::FileStamp> {
    if (looked_at) format = agents::format_of(*looked_at, path);
    if (!format) return agents::FileStamp{};
    return stamp_of_log(*format, path);
  };
  CO_TRY(const agents::FileStamp stamp, co_await parts_.pool.run(look));
  if (!format || waits_to_rest(*format, path, stamp)) co_return nullptr;
  known = index_->find(path);
  source = source_of(path);
  const agents::Agent agent = known    ? known->agent
                              : source ? source->agent
                                       : agents::Agent::generic;
  CursorIndex::Place place{agent, *format, path};
  Cursor cursor = index_->at(place, stamp);
  if (auto moves = index_->take_moves(); !moves.empty())
    CO_TRY_OK(co_await parts_.sink.move(std::move(moves)));
  const auto already = open_.find(path);
  if (already != open_.end() && already->second->cursor_id == cursor.id)
    co_return already->second.get();
  if (already != open_.end()) open_.erase(already);
  if (is_open_elsewhere(cursor.id, path)) co_return nullptr;

  const bool is_new = cursor.stamp == agents::FileStamp{};
  if (is_new) cursor.from = options_.from;
  const bool wants_older = cursor.from && (!options_.from || *options_.from < *cursor.from);
  if (!is_new && !wants_older && cursor.stamp == stamp) co_return nullptr;
  ReadingState state;
  if (wants_older) {
    // From its beginning: what was taken before is known by its ids.
    cursor.from = options_.from;
    cursor.offset = cursor.lines = cursor.head_bytes = cursor.anchor_bytes = 0;
    cursor.stamp = {};
  } else if (!is_new) {
    CO_TRY(state, co_await parts_.sink.state_of(cursor.id));
  }
  auto log = std::make_unique<Log>();
  log->path = path;
  log->cursor_id = cursor.id;
  log->agent = cursor.agent;
  log->cursor = cursor;
  log->items = cursor.items;
  log->was_unsettled = !is_new && cursor.stamp.modified_ns == 0;
  log->intake = co_await parts_.sink.open(cursor, state.mapping);
  log->stamp = stamp;
  log->is_old = age_of(stamp) > options_.settle;
  log->reader_state = state.reader;
  if (agents::shape_of(cursor.format) == agents::Shape::lines) {
    const agents::Telling telling = parts_.sink.telling(cursor.agent);
    const auto make = [cursor, telling, options = options_.readers] {
      return make_reader(cursor, telling, options);
    };
    std::function<Result<LogTail>(std::size_t)> open_tail = [&](std::size_t) -> Result<LogTail> {
      return LogTail::open(cursor, state.reader, make);
    };
    CO_TRY(LogTail tail, co_await parts_.pool.run(open_tail));
    log->tail.emplace(std::move(tail));
    if (log->tail->has_begun_anew()) log->intake->begin_anew();
  }
  Log* const opened = log.get();
  open_[path] = std::move(log);
  co_return opened;
}

/// A document that was written to a moment ago is read when it rests, for it may be half written.
/// One that never does is read all the same.
bool Follower::waits_to_rest(agents::Format format, const std::string& path,
                             const agents::FileStamp& stamp) {
  strand_.assert_here();
  if (!may_be_cut(format)) return false;
  const auto now = Clock::now();
  const auto since = restless_.try_emplace(path, now).first->second;
  const auto rested = age_of(stamp);
  const bool is_restless = rested >= Clock::duration::zero() && rested < options_.debounce &&
                           now - since < kPatience * options_.debounce;
  if (is_restless)
    enqueue_at(now + options_.debounce - rested, path);
  else
    restless_.erase(path);
  return is_restless;
}

/// A log that has another name now is closed under the one that it had, and taken up again where it
/// was stored last; once nobody is at it any more, which is true.
bool Follower::is_open_elsewhere(std::int64_t cursor, const std::string& path) {
  strand_.assert_here();
  const auto other = std::find_if(open_.begin(), open_.end(), [cursor](const auto& each) {
    return each.second->cursor_id == cursor;
  });
  if (other == open_.end()) return false;
  if (!busy_.contains(other->first)) {
    open_.erase(other);
    return false;
  }
  enqueue_at(Clock::now() + options_.debounce, path);
  return true;
}

/// What a worker has read of a log: to be stored with this cursor.
struct Follower::Part {
  Cursor cursor;
  std::string reader_state;
  bool is_last = true;
};

Task<Result<void>> Follower::read_lines(Log& log) {
  strand_.assert_here();
  std::function<Result<Part>(std::size_t)> read = [&log](std::size_t) -> Result<Part> {
    LogTail& tail = *log.tail;
    bool has_told = false;
    const auto begin_anew_once = [&] {
      if (!tail.has_begun_anew() || std::exchange(has_told, true)) return;
      log.intake->begin_anew();
    };
    const std::uint64_t begin = tail.offset();
    const auto sink = [&](const agents::Record& record) {
      begin_anew_once();
      log.intake->take(record);
    };
    const auto enough = [&] {
      return log.intake->waiting() >= kWaitingBytes || tail.offset() - begin >= kPartBytes;
    };
    TRY(const bool more, tail.read(sink, enough));
    begin_anew_once();
    log.is_settled = !more && log.is_old;
    if (log.is_settled) tail.settle(sink);
    TRY(Cursor cursor, tail.cursor());
    return Part{std::move(cursor), tail.reader_state(), !more};
  };
  std::optional<base::Started<Result<void>>> storing;
  Result<void> outcome;
  for (bool is_last = false; !is_last && outcome && !stopping_;) {
    outcome = co_await parts_.sink.wait_for_room();
    if (!outcome) break;
    auto part = co_await parts_.pool.run(read);
    if (!part) outcome = part.error();
    if (storing) {
      auto stored = co_await *storing;
      storing.reset();
      if (outcome) outcome = std::move(stored);
    }
    if (!outcome) break;
    is_last = part->is_last;
    const bool has_moved = part->cursor.offset != log.cursor.offset ||
                           part->cursor.generation != log.cursor.generation;
    log.cursor = part->cursor;
    log.cursor.items = log.items;
    const bool settles = log.is_settled && std::exchange(log.was_unsettled, false);
    if (has_moved || settles || log.intake->waiting() > 0) {
      storing.emplace(store(log, std::move(*part)));
    } else {
      index_->put(log.cursor);  // no more than the begin of a line
    }
  }
  if (storing) {
    auto stored = co_await *storing;
    if (outcome) outcome = std::move(stored);
  }
  AgentProgress& progress = progress_of(log.agent);
  const std::uint64_t broken = log.tail->counts().broken + log.tail->counts().too_long;
  progress.broken += broken - log.broken;
  broken_.add(broken - log.broken);
  log.broken = broken;
  co_return outcome;
}

/// Whether somebody may be writing to the document right now.
Result<bool> Follower::may_grow(const Log& log) const {
  if (!may_be_cut(log.cursor.format)) return false;
  TRY(const agents::FileStamp now, stamp_of_log(log.cursor.format, log.path));
  // What comes from the future, by another clock, would never be old.
  const auto age = age_of(now);
  return now != log.stamp || (age >= age.zero() && age <= options_.settle);
}

/// Reads the document to its end on a worker, which waits whenever a part has to be stored first.
Task<Result<void>> Follower::read_document(Log& log) {
  strand_.assert_here();
  if (document_is_open_) {
    // Its turn comes when the other has ended.
    enqueue_at(Clock::now() + options_.debounce, log.path);
    co_return Result<void>{};
  }
  document_is_open_ = true;
  auto room = co_await parts_.sink.wait_for_room();
  if (!room) {
    document_is_open_ = false;
    co_return room;
  }
  Cursor cursor = log.cursor;
  const auto store_from_worker = [this, &log, &cursor]() -> Result<void> {
    std::promise<Result<void>> promise;
    auto answer = promise.get_future();
    parts_.thread.post([this, &log, &cursor, &promise] {
      store_part_of_document(log, cursor, log.reader_state, promise).detach();
    });
    return answer.get();
  };
  std::unique_ptr<agents::DocumentReader> reader =
      agents::make_document_reader(cursor.format, options_.readers);
  if (!reader->restore(log.reader_state)) reader->restore({});
  // One pass waits for a document once, or it might never end.
  const bool waits = options_.tries_again || !left_out_.contains(log.path);
  bool may_grow = false;
  std::function<Result<void>(std::size_t)> read = [&](std::size_t) -> Result<void> {
    Result<void> stored;
    const auto sink = [&](const agents::Record& record) {
      if (!stored) return;
      log.intake->take(record);
      if (log.intake->waiting() >= kWaitingBytes) stored = store_from_worker();
    };
    using Writing = agents::DocumentReader::Writing;
    if (waits) {
      TRY(may_grow, this->may_grow(log));
    }
    reader->expect(may_grow ? Writing::goes_on : Writing::is_over);
    TRY_OK(reader->read(log.path, sink, stopping_));
    return stored;
  };
  auto done = co_await parts_.pool.run(read);
  document_is_open_ = false;
  const bool is_corrupt = !done && done.error().code == Errc::corrupt;
  if (!done && !is_corrupt) co_return done;
  cursor.stamp = log.stamp;
  cursor.offset = log.stamp.bytes;
  if (reader->has_left_out() || (is_corrupt && may_grow)) {
    // It may be half written: it is read again once it is old, changed or not.
    cursor.stamp.modified_ns = 0;
    left_out_.insert(log.path);
    enqueue_at(Clock::now() + options_.settle + time_to_read(log.stamp.bytes), log.path);
  } else {
    left_out_.erase(log.path);
    count_broken(log, reader->counts(), done);
  }
  Part last{std::move(cursor), reader->save(), true};
  auto stored = co_await store(log, std::move(last));
  co_return stored;
}

/// A document that is damaged is not read again before it has changed.
void Follower::count_broken(const Log& log, const agents::ReadCounts& counts,
                            const Result<void>& done) {
  strand_.assert_here();
  const std::uint64_t broken = counts.broken + !done;
  progress_of(log.agent).broken += broken;
  broken_.add(broken);
  if (!done) base::log::warn("collector: {}", done.error().what);
}

/// With the cursor as it was: a document is taken when all of it is.
Task<void> Follower::store_part_of_document(Log& log, Cursor cursor, std::string state,
                                            std::promise<Result<void>>& promise) {
  strand_.assert_here();
  auto room = co_await parts_.sink.wait_for_room();
  if (!room) {
    promise.set_value(std::move(room));
    co_return;
  }
  Part part{std::move(cursor), std::move(state), false};
  auto stored = co_await store(log, std::move(part));
  promise.set_value(std::move(stored));
}

Task<Result<void>> Follower::store(Log& log, Part part) {
  strand_.assert_here();
  // It may have another name by now.
  part.cursor.path = index_->path_of(part.cursor.id).value_or(log.path);
  part.cursor.items = log.items;
  part.cursor.is_at_end = part.is_last;
  // While something is held back that waits for more, the log is one to be opened again.
  Cursor kept = part.cursor;
  if (log.tail && !log.is_settled) kept.stamp.modified_ns = 0;
  CO_TRY(const std::int64_t items, co_await log.intake->store(kept, std::move(part.reader_state)));
  log.items += items;
  part.cursor.items = log.items;
  progress_of(log.agent).items += items;
  items_.add(static_cast<std::uint64_t>(items));
  index_->put(part.cursor);
  co_return Result<void>{};
}

/// What waited for more of its kind has waited long enough.
Task<Result<void>> Follower::settle(Log& log) {
  strand_.assert_here();
  log.is_settled = true;
  std::function<Result<Part>(std::size_t)> work = [&log](std::size_t) -> Result<Part> {
    log.tail->settle([&log](const agents::Record& record) { log.intake->take(record); });
    return Part{log.cursor, log.tail->reader_state(), true};
  };
  CO_TRY(Part part, co_await parts_.pool.run(work));
  co_return co_await store(log, std::move(part));
}

/// The same of one that nothing has come to for a while.
Task<void> Follower::settle_quiet(std::string path) {
  strand_.assert_here();
  const auto found = open_.find(path);
  if (found == open_.end() || busy_.contains(path)) co_return;
  busy_.insert(path);
  ++pumps_;
  auto settled = co_await settle(*found->second);
  if (!settled) failed(path, settled.error());
  busy_.erase(path);
  if (again_.erase(path) > 0) enqueue(path, live_, 0);
  --pumps_;
  run_pumps();
  ended();
}

}  // namespace collector
