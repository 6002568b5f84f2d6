#include "counting_sink.h"

#include "collector/buffer.h"
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
    const Options& options = sink_.options_;
    if (!event || (options.from && event->timestamp < *options.from) ||
        (record.at && options.to && *record.at > *options.to))
      return;
    keys_.push_back(collector::Buffer::key_of(event->id));
  }
  std::size_t waiting() const override { return keys_.size() * sizeof keys_[0]; }
  void begin_anew() override {}
  Task<Result<std::int64_t>> store([[maybe_unused]] Cursor cursor,
                                   [[maybe_unused]] std::string state) override {
    const std::vector<std::int64_t> keys = std::exchange(keys_, {});
    co_return sink_.count(keys);
  }

 private:
  CountingSink& sink_;
  const collector::EventMapping mapping_;
  std::vector<std::int64_t> keys_;  // of the events that were taken
};

/// How many of them are new.
Result<std::int64_t> CountingSink::count(const std::vector<std::int64_t>& keys) {
  std::int64_t count = 0;
  for (const std::int64_t key : keys) {
    if (!keys_.insert(key).second) continue;
    bool is_known = false;
    if (options_.buffer) {
      TRY(is_known, collector::Buffer::has_had(*options_.buffer, key));
    }
    ++(is_known ? skipped_ : found_);
    count += !is_known;
  }
  return count;
}

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
