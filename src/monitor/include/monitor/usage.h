#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/sqlite.h"

namespace monitor {

/// Which use to report: by the client's time, or the time of receipt where the client gave none.
struct UsageFilter {
  std::optional<std::int64_t> from, until;  // seconds since 1970: from <= time < until
  std::string agent_type;                   // empty: any
};

/// What was used within a quarter of an hour by an agent type with a model.
struct UsageLine {
  std::optional<std::int64_t> start;  // of the quarter, in seconds since 1970; nothing: unreadable
  std::string agent_type, model;      // empty model: none
  std::int64_t events = 0, tokens_in = 0, tokens_out = 0;
  std::int64_t cache_read_tokens = 0, cache_write_tokens = 0;
  std::int64_t cache_write_1h_tokens = 0;  // of cache_write_tokens
  std::int64_t reasoning_tokens = 0;       // of tokens_out
  double cost_usd = 0;
  std::int64_t unpriced = 0;  // events with tokens whose cost is not known
};

/// The sums in the order of start (unreadable first), agent type, model. Any time zone's days can
/// be made of them: every zone is off by whole quarters. Where a limit lies within a quarter, the
/// part of it counts. Events of an unreadable time are there when there is no limit.
/// Whole quarters come from the totals, parts of one from indexed ranges of events.
base::Result<std::vector<UsageLine>> read_usage(store::Database& db, const UsageFilter& filter);

/// The object of GET /api/usage: the sums by agent type and model, over all quarters; and how many
/// sessions have not ended.
base::Result<std::string> read_usage_sums(store::Database& db, const UsageFilter& filter);

}  // namespace monitor
