#pragma once

#include "base/clock.h"
#include "monitor/event.h"
#include "monitor/pricing.h"

namespace monitor {

/// Of several counts for one message of a provider the largest holds, whatever their order.
///
/// What has been counted of a message: tokens and what they cost.
struct MessageCount {
  std::int64_t tokens_in = 0, tokens_out = 0;
  std::int64_t cache_read_tokens = 0, cache_write_tokens = 0, cache_write_1h_tokens = 0;
  std::int64_t reasoning_tokens = 0;
  double cost_usd = 0;

  /// `event` with the tokens and the cost that it adds to its message; `at` is when it was.
  /// `is_known`: an event of the message has been counted.
  Event step(const Event& event, const Pricing& pricing, base::Time at, bool is_known) const;

  /// The event that `step` gave counts.
  void add(const Event& step);

  bool has_more_tokens_than(const MessageCount& before) const;

  /// Adds these tokens and this cost to an event: they were lost.
  void give_back(Event& event) const;
};

}  // namespace monitor
