#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "load.h"

namespace bench {

/// Writes times as the monitor's clients do, "2026-02-28T09:15:02.123Z"; computes the calendar only
/// when the second changes, so that each event can carry the time of its own request.
class TimeText {
 public:
  static constexpr std::size_t kBytes = 24;

  /// 24 characters; valid until the next call.
  const char* at(std::int64_t unix_ms);

 private:
  std::int64_t second_ = -1;
  char text_[kBytes + 1] = {};
};

/// POST requests full of benchmark events that are all different, yet cost next to nothing to make:
/// every event has the same length, one request a connection is prepared, and before each send only
/// the digits and names that differ are written over it. Numbers and names shorter than their place
/// are followed or preceded by spaces, which JSON allows between tokens.
///
/// The id of event i is `bench-<10^9 + i>-<stamp>`, a stamp being 19 digits.
class EventRequests : public RequestSource {
 public:
  enum class Variety {
    plain,  // the payload of the original's ingest benchmark: 100 sessions of one agent
    many,   // `sessions` sessions of 5 agents, 8 models, 20 projects, 40 tools and one rare tool
  };
  enum class Stamp {
    random,     // one random number for all: ids of other runs are never met again
    send_time,  // nanoseconds of the steady clock just before the send
  };
  struct Options {
    std::uint16_t port = 0;
    int connections = 40;
    int events_per_request = 1;  // 1: POST /api/events; more: POST /api/events/batch
    Variety variety = Variety::plain;
    Stamp stamp = Stamp::random;
    std::uint64_t total = 0;       // with Variety::many: events that will be asked for in all
    std::uint64_t sessions = 400;  // with Variety::many; at most 10,000
  };
  static constexpr std::string_view kRareTool = "RareTool";
  static constexpr std::uint64_t kRareEvents = 60;  // of the total

  explicit EventRequests(const Options& options);

  std::string_view next(int connection) override;

 private:
  /// Where the parts that differ start, counted from the start of an event's text.
  struct Places {
    std::size_t index, stamp, session, agent, type, tool, model, project, tokens_in, tokens_out,
        duration, client_time, metadata_index;
  };

  std::string to_event_text();
  void write_event(char* event, std::uint64_t i);
  void write_varied_parts(char* event, std::uint64_t i);

  Options options_;
  Places places_{};
  std::size_t first_event_at_ = 0;  // in a request
  std::size_t event_bytes_ = 0;     // with the comma after it
  std::vector<std::string> requests_;
  std::uint64_t made_ = 0;
  std::uint64_t stamp_ = 0;
  std::int64_t now_ms_ = 0;
  std::int64_t start_ms_ = 0;
  TimeText time_text_;
};

}  // namespace bench
