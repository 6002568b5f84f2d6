#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "monitor/event.h"
#include "monitor/pricing.h"
#include "store/sqlite.h"

/// Costs of events that are stored already.
namespace monitor {

/// What a recalculation did, or would do.
struct Recalculation {
  std::int64_t candidates = 0;  // events with a model and tokens of any kind
  std::int64_t updated = 0;
  std::int64_t unchanged = 0;
  std::int64_t unknown = 0;  // their model has no price: they keep the cost they have
  double usd_before = 0, usd_after = 0;
};

enum class Apply { no, yes };

/// Prices every candidate anew, by the price of its day, and stores the cost where it differs by
/// more than ten decimals. Overwrites what a client said. Inside a transaction of the caller, who
/// then has the totals counted anew.
base::Result<Recalculation> recalculate_costs(store::Database& db, const Pricing& pricing,
                                              Apply apply);

/// A stored event with what its price depends on.
struct PricedEvent {
  std::int64_t id = 0;
  Event tokens;
  base::Time at;
  std::optional<Quote> quote;  // nothing: the model has no price, or there is no model
};

/// The event with this row id or event_id. `not_found`.
base::Result<PricedEvent> explain_cost(store::Database& db, const Pricing& pricing,
                                       const std::string& id);

}  // namespace monitor
