#include "collector/buffer_sink.h"

#include <algorithm>
#include <map>

#include "agents/locations.h"
#include "collector/backfill_state.h"
#include "collector/event_mapping.h"

namespace collector {

using base::Errc;
using base::Error;
using base::Result;
using base::Task;
using store::Database;

namespace {

// The `from` of a cursor whose log was taken in a range that has an end: whoever takes it without
// one finds that older events were left out, and takes it from its beginning.
constexpr base::Time kNothingTaken = std::chrono::sys_days{std::chrono::year{9999} / 1 / 1};

std::int64_t seconds_of(base::Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

BackfillState state_of_log(const Cursor& cursor) {
  BackfillState state;
  state.agent = agents::adapter_name(cursor.agent);
  state.path = cursor.path;
  state.offset = static_cast<std::int64_t>(cursor.offset);
  state.events = cursor.items;
  if (cursor.last) state.last_timestamp = seconds_of(*cursor.last);
  state.status =
      cursor.is_at_end ? BackfillState::Status::completed : BackfillState::Status::in_progress;
  return state;
}

}  // namespace

/// The events of one log.
class BufferSink::LogIntake : public Intake {
 public:
  LogIntake(const BufferSink& sink, EventMapping mapping, std::optional<base::Time> from)
      : sink_(sink), mapping_(std::move(mapping)), from_(from) {}

  void take(const agents::Record& record) override {
    auto event = mapping_.map(record);
    if (!event) return;
    if (from_ && event->timestamp < *from_) return;
    // What tells no time has that of its reading, which says nothing about a range.
    if (record.at && sink_.options_.to && *record.at > *sink_.options_.to) {
      has_left_out_ = true;
      return;
    }
    waiting_ += sizeof(AgentEvent) + event->data.size() + event->context.size();
    if (sink_.options_.resolve_folder && !mapping_.is_settled() &&
        record.working_directory.starts_with('/'))
      by_folder_[std::string(record.working_directory)].push_back(events_.size());
    events_.push_back(std::move(*event));
  }
  std::size_t waiting() const override { return waiting_; }
  void begin_anew() override {}

  Task<Result<std::int64_t>> store(Cursor cursor, std::string reader_state) override {
    std::vector<AgentEvent> events = std::exchange(events_, {});
    ByFolder by_folder = std::exchange(by_folder_, {});
    waiting_ = 0;
    for (const AgentEvent& event : events)
      cursor.last = std::max(cursor.last.value_or(event.timestamp), event.timestamp);
    if (has_left_out_) cursor.from = kNothingTaken;
    const ReadingState state{std::move(reader_state), {}};
    const std::int64_t before = cursor.items;
    co_await settle(events, std::move(by_folder));
    Buffer::Also also = [&](Database& db, std::int64_t stored) -> Result<void> {
      cursor.items = before + stored;
      TRY_OK(cursors::put(db, cursor, state));
      return backfill::put(db, state_of_log(cursor), seconds_of(sink_.clock_.now()));
    };
    co_return co_await sink_.buffer_.store(std::move(events), std::move(also),
                                           Buffer::WhenFull::exceed);
  }

 private:
  using ByFolder = std::map<std::string, std::vector<std::size_t>>;  // of the events, their numbers

  Task<void> settle(std::vector<AgentEvent>& events, ByFolder by_folder) const {
    for (const auto& [folder, numbers] : by_folder) {
      const Place place = co_await sink_.options_.resolve_folder(folder);
      for (const std::size_t number : numbers) mapping_.settle(events[number], place);
    }
  }

  const BufferSink& sink_;
  const EventMapping mapping_;
  const std::optional<base::Time> from_;
  std::vector<AgentEvent> events_;
  ByFolder by_folder_;
  std::size_t waiting_ = 0;
  bool has_left_out_ = false;  // what came after the range
};

Task<Result<std::vector<Cursor>>> BufferSink::cursors() {
  std::vector<Cursor> found;
  Buffer::Work read = [&found](Database& db) -> Result<void> {
    TRY(found, cursors::all(db));
    return {};
  };
  CO_TRY_OK(co_await buffer_.change(std::move(read)));
  co_return found;
}

Task<Result<ReadingState>> BufferSink::state_of(std::int64_t cursor) {
  ReadingState state;
  Buffer::Work read = [&state, cursor](Database& db) -> Result<void> {
    TRY(state, cursors::state_of(db, cursor));
    return {};
  };
  CO_TRY_OK(co_await buffer_.change(std::move(read)));
  co_return state;
}

Task<Result<void>> BufferSink::move(std::vector<std::pair<std::int64_t, std::string>> moves) {
  Buffer::Work work = [&moves](Database& db) -> Result<void> {
    for (const auto& [id, path] : moves) TRY_OK(cursors::move(db, id, path));
    return {};
  };
  co_return co_await buffer_.change(std::move(work));
}

Task<std::unique_ptr<Intake>> BufferSink::open(Cursor cursor, [[maybe_unused]] std::string state) {
  EventMapping mapping(
      {cursor.agent, cursor.format, options_.legacy_project_id, options_.project_id}, clock_);
  if (options_.resolve) mapping.set_place(co_await options_.resolve(cursor.path));
  co_return std::make_unique<LogIntake>(*this, std::move(mapping), cursor.from);
}

Task<Result<void>> BufferSink::wait_for_room() {
  const bool has_room = co_await buffer_.wait_for_room(room_for(buffer_.capacity()));
  if (!has_room) co_return Error{Errc::cancelled, "the buffer is closed"};
  co_return Result<void>{};
}

Task<void> BufferSink::failed(Cursor cursor, std::string why) {
  BackfillState state = state_of_log(cursor);
  state.error = std::move(why);
  Buffer::Work work = [&](Database& db) -> Result<void> {
    return backfill::fail(db, state, seconds_of(clock_.now()));
  };
  // That it cannot be told is told by the log already.
  (void)co_await buffer_.change(std::move(work));
}

}  // namespace collector
