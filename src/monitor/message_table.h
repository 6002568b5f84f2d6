#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "message_count.h"
#include "monitor/event.h"
#include "monitor/pricing.h"
#include "store/sqlite.h"

namespace monitor {

/// What has been counted of each message of a provider, so that its tokens count once however many
/// events carry it: the lines of one answer, and their copies in resumed and forked sessions. An
/// event is given what it adds to that (see MessageCount), and what was lost with events that
/// another program has removed. Thread: the ledger writer's.
class MessageTable {
 public:
  struct Settlement {
    Event event;           // with the tokens and the cost that it adds to its message
    MessageCount message;  // once the event is stored
    bool adds = false;
    bool fills_gap = false;
  };

  /// `at` is when the event was.
  base::Result<Settlement> settle(store::Database& db, const Event& event, const Pricing& pricing,
                                  base::Time at);

  /// The settled event has been stored.
  base::Result<void> count(store::Database& db, const Settlement& settled);
};

}  // namespace monitor
