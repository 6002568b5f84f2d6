#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "monitor/event.h"
#include "monitor/pricing.h"
#include "store/sqlite.h"

namespace monitor {

/// What has been counted of each message of a provider, so that its tokens count once however many
/// events carry it: the lines of one answer, and their copies in resumed and forked sessions. See
/// MessageCount. Thread: the ledger writer's.
class MessageTable {
 public:
  /// `event` with the tokens and the cost that it adds to its message; `at` is when it was.
  base::Result<Event> settle(store::Database& db, const Event& event, const Pricing& pricing,
                             base::Time at);

  /// The event that `settle` gave has been stored.
  base::Result<void> count(store::Database& db, const Event& settled);
};

}  // namespace monitor
