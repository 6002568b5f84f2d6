#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "collector/buffer.h"
#include "collector/place.h"
#include "collector/sink.h"

namespace collector {

/// Delivers to the buffer of a collector: events, cursors and what is told of back-fills go there
/// in one transaction.
///
/// Thread: the follower's. Owner: app; the buffer outlives it.
class BufferSink : public Sink {
 public:
  /// Events that must fit before more is read.
  static constexpr std::int64_t room_for(std::int64_t capacity) {
    return std::clamp<std::int64_t>(capacity / 4, 1, 1000);
  }

  struct Options {
    std::string legacy_project_id;  // the configuration's projectId, and the number it is
    std::int64_t project_id = 1;
    std::optional<base::Time> from, to;  // both included; of back-fills
    /// Where the log at this path belongs, asked when it is opened; all 0 if that is not known.
    /// May be empty.
    std::function<base::Task<Place>(std::string path)> resolve;
    /// Where a folder belongs that an agent worked in, for logs whose place is not known by their
    /// path; asked before its events are stored. May be empty.
    std::function<base::Task<Place>(std::string folder)> resolve_folder;
  };

  BufferSink(Buffer& buffer, Options options, const base::Clock& clock)
      : buffer_(buffer), options_(std::move(options)), clock_(clock) {}

  agents::Telling telling(agents::Agent) const override { return agents::Telling::conversation; }
  base::Task<base::Result<std::vector<Cursor>>> cursors() override;
  base::Task<base::Result<ReadingState>> state_of(std::int64_t cursor) override;
  base::Task<base::Result<void>> move(
      std::vector<std::pair<std::int64_t, std::string>> moves) override;
  base::Task<std::unique_ptr<Intake>> open(Cursor cursor, std::string state) override;
  base::Task<base::Result<void>> wait_for_room() override;
  base::Task<void> failed(Cursor cursor, std::string why) override;

 private:
  class LogIntake;

  Buffer& buffer_;
  const Options options_;
  const base::Clock& clock_;
};

}  // namespace collector
