#include "counting_sink.h"

#include "collector/event_mapping.h"

namespace app {

using base::Result;
using base::Task;
using collector::Cursor;

class CountingSink::Intake : public collector::Intake {
 public:
  Intake(CountingSink& sink, collector::EventMapping mapping)
      : sink_(sink), mapping_(std::move(mapping)) {}

  void take(const agents::Record& record) override {
    const auto event = mapping_.map(record);
    const Range& range = sink_.range_;
    if (!event || (range.from && event->timestamp < *range.from) ||
        (record.at && range.to && *record.at > *range.to))
      return;
    ++items_;
  }
  std::size_t waiting() const override { return static_cast<std::size_t>(items_); }
  void begin_anew() override {}
  Task<Result<std::int64_t>> store([[maybe_unused]] Cursor cursor,
                                   [[maybe_unused]] std::string state) override {
    const std::int64_t items = std::exchange(items_, 0);
    sink_.found_ += items;
    co_return items;
  }

 private:
  CountingSink& sink_;
  const collector::EventMapping mapping_;
  std::int64_t items_ = 0;
};

Task<Result<std::vector<Cursor>>> CountingSink::cursors() { co_return std::vector<Cursor>(); }

Task<Result<collector::ReadingState>> CountingSink::state_of([[maybe_unused]] std::int64_t cursor) {
  co_return collector::ReadingState{};
}

Task<Result<void>> CountingSink::move(
    [[maybe_unused]] std::vector<std::pair<std::int64_t, std::string>> moves) {
  co_return Result<void>{};
}

Task<std::unique_ptr<collector::Intake>> CountingSink::open(Cursor cursor,
                                                            [[maybe_unused]] std::string state) {
  collector::EventMapping::Origin origin;
  origin.agent = cursor.agent;
  origin.format = cursor.format;
  co_return std::make_unique<Intake>(*this, collector::EventMapping(std::move(origin), clock_));
}

Task<Result<void>> CountingSink::wait_for_room() { co_return Result<void>{}; }

/// It is on the log already.
Task<void> CountingSink::failed([[maybe_unused]] Cursor cursor, [[maybe_unused]] std::string why) {
  co_return;
}

}  // namespace app
