#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "event_facts.h"
#include "monitor/event.h"
#include "store/sqlite.h"

namespace monitor {

/// The part of the totals that is about use and cost: by quarter of an hour of the client's time,
/// agent type and model; and by hour of receipt, session, agent type and model.
///
/// Thread: the ledger writer's. Owner: Totals, which says when.
class UsageTotals {
 public:
  static constexpr std::int64_t kSlotSeconds = 900;
  static constexpr std::int64_t kUnreadableSlot = -1'000'000'000;  // of a time that is none
  /// An event whose client's time is further than this from its receipt is displaced.
  static constexpr std::int64_t kNearSeconds = 60;

  /// Event `id` has been inserted, received at `at` (seconds since 1970).
  base::Result<void> add(store::Database& db, const Event& event, const EventFacts& facts,
                         std::int64_t id, std::int64_t at);
  /// Writes what was gathered, all of it received in `hour` (since 1970).
  base::Result<void> flush(store::Database& db, std::int64_t hour);
  void forget();

  /// The same for the stored events with `after` < id <= `up_to`.
  static base::Result<void> count_rows(store::Database& db, std::int64_t after, std::int64_t up_to);
  static base::Result<void> forget_all(store::Database& db);

 private:
  struct Usage {
    std::int64_t slot = 0;
    std::string agent_type, model;
    std::int64_t events = 0, tokens_in = 0, tokens_out = 0, cache_read = 0, cache_write = 0,
                 cache_write_1h = 0, reasoning = 0, unpriced = 0;
    double cost_usd = 0;
    void add(const Event& event);
  };
  struct Sums {
    std::int64_t events = 0, tokens_in = 0, tokens_out = 0;
    double cost_usd = 0;
    void add(const Event& event);
  };
  struct Cost {
    std::string session_id, agent_type, model;
    Sums sums;
  };
  struct Hour {
    std::int64_t hour = 0;
    std::string agent_type;
    Sums sums;
  };

  void add_usage(const Event& event, std::int64_t slot);
  void add_hour(const Event& event, std::int64_t hour);
  void add_cost(const Event& event);

  std::string key_;  // scratch of add
  std::unordered_map<std::string, Usage> usage_;
  std::unordered_map<std::string, Hour> hours_;
  std::unordered_map<std::string, Cost> cost_;
};

/// The slot of a time in seconds since 1970.
inline std::int64_t usage_slot(std::int64_t at) {
  const std::int64_t slot = at / UsageTotals::kSlotSeconds;
  return slot * UsageTotals::kSlotSeconds > at ? slot - 1 : slot;
}

/// The hour of a slot, since 1970.
inline std::int64_t usage_hour(std::int64_t slot) { return slot >= 0 ? slot / 4 : (slot - 3) / 4; }

/// SQL over a row `e` of events: the second of its client's time or else of its receipt, the slot
/// of that, and whether the index on the receipt leads to it. NULL where nobody can read the time.
extern const std::string_view kUsageTime, kUsageSlot, kIsNear;

}  // namespace monitor
