#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agents/discovery.h"
#include "base/result.h"
#include "monitor/pricing.h"
#include "monitor/usage.h"
#include "store/sqlite.h"

namespace app {

/// Tokens and cost of something.
struct UsageSums {
  std::int64_t input = 0, output = 0, cache_write = 0, cache_read = 0, reasoning = 0;
  std::int64_t total = 0;  // input that is counted twice (Codex' cached one) counts once
  std::int64_t unpriced = 0;
  double cost_usd = 0;

  void add(const UsageSums& other);
};

enum class UsageBy { all, day, month, session, model, project };

/// One line of a report: what `key` (a day, a month, a session, a model, a project) used with an
/// agent.
struct UsageRow {
  std::string key, agent_type;
  std::string project;                                    // of a session
  std::string last_activity;                              // of a session, a day
  std::vector<std::pair<std::string, UsageSums>> models;  // by name
  UsageSums sums;
};

struct UsageReport {
  std::vector<UsageRow> rows;
  UsageSums sums;
  std::set<std::string> unpriced_models;
};

struct UsageRequest {
  UsageBy by = UsageBy::day;
  std::string since, until;  // days, both included: YYYY-MM-DD or YYYYMMDD; empty: no limit
  std::string agent_type;    // empty: any
  std::string project;       // empty: any
};

/// Sets the zone whose days count, for the whole process: an IANA name, empty for the machine's
/// own. `invalid_argument` when there is none of this name.
base::Result<void> use_time_zone(const std::string& name);

/// `invalid_argument` for a day that is none.
base::Result<UsageReport> make_usage_report(store::Database& db, const UsageRequest& request);

/// The same from the agents' logs, without a database; not by session or project
/// (`invalid_argument`). Reads with as many threads as there are cores, and tells the files that it
/// cannot read.
base::Result<UsageReport> make_usage_report(const agents::Places& places,
                                            const monitor::Pricing& pricing,
                                            const UsageRequest& request);

}  // namespace app
