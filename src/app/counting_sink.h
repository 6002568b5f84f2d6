#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "collector/sink.h"
#include "store/sqlite.h"

namespace app {

/// Counts the events that logs would make, each id once, and keeps nothing: for a look at what
/// there is.
/// Thread: the follower's; the counts on any.
class CountingSink : public collector::Sink {
 public:
  struct Options {
    std::optional<base::Time> from, to;     // both included
    std::optional<store::Database> buffer;  // of a collector: what it has had is not new
  };

  CountingSink(Options options, const base::Clock& clock)
      : options_(std::move(options)), clock_(clock) {}

  /// Events that would be new, and those that would not.
  std::int64_t found() const { return found_; }
  std::int64_t skipped() const { return skipped_; }

  agents::Telling telling(agents::Agent) const override { return agents::Telling::conversation; }
  base::Task<base::Result<std::vector<collector::Cursor>>> cursors() override;
  base::Task<base::Result<collector::ReadingState>> state_of(std::int64_t cursor) override;
  base::Task<base::Result<void>> move(
      std::vector<std::pair<std::int64_t, std::string>> moves) override;
  base::Task<std::unique_ptr<collector::Intake>> open(collector::Cursor cursor,
                                                      std::string state) override;
  base::Task<base::Result<void>> wait_for_room() override;
  base::Task<void> failed(collector::Cursor cursor, std::string why) override;

 private:
  class Intake;

  base::Result<std::int64_t> count(const std::vector<std::int64_t>& keys);

  Options options_;
  const base::Clock& clock_;
  std::unordered_set<std::int64_t> keys_;  // of all events so far
  std::atomic<std::int64_t> found_{0}, skipped_{0};
};

}  // namespace app
