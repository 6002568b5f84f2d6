#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "collector/sink.h"

namespace app {

/// Counts the events that logs would make, and keeps nothing: for a look at what there is.
/// Thread: the follower's; `found` on any.
class CountingSink : public collector::Sink {
 public:
  struct Range {
    std::optional<base::Time> from, to;  // both included
  };

  CountingSink(Range range, const base::Clock& clock) : range_(range), clock_(clock) {}

  std::int64_t found() const { return found_; }

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

  const Range range_;
  const base::Clock& clock_;
  std::atomic<std::int64_t> found_{0};
};

}  // namespace app
