#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "agents/locations.h"
#include "base/clock.h"
#include "base/result.h"
#include "collect_service.h"
#include "collector/settings.h"

/// What `backfill run` decides and prints. docs/commands.md.
namespace app {

struct BackfillArguments {
  std::string agent = "copilot";  // by either name
  std::string from, to;           // `YYYY-MM-DD`, or empty
  std::int64_t days = 0;
  bool dry_run = false, all_workspaces = false, as_json = false;
  std::vector<std::string> workspaces;
  std::string path;  // what to read instead of the agent's logs
};

struct BackfillRange {
  std::optional<base::Time> from;
  base::Time to;
};
/// Days begin at midnight UTC, so that the last one is left out. "invalid from date: ...",
/// "invalid to date: ...".
base::Result<BackfillRange> backfill_range(const BackfillArguments& given, base::Time now);

struct BackfillChoice {
  std::vector<agents::Source> sources;  // what to read; at least one
  std::size_t left_out = 0;             // others that the agent has
};
/// The sources of the agent: those with a chosen workspace in their path, else all or the first. A
/// path that is given or configured counts even when there is nothing.
/// "unknown agent: ...", "no log path specified", "no logs found for agent ...", "no logs found for
/// specified workspaces".
base::Result<BackfillChoice> backfill_choice(const BackfillArguments& given,
                                             const collector::Settings& settings,
                                             const agents::Environment& environment);

/// `Progress: [████████░░░░░░░░░░░░] 42.0% | Events: 840 | Speed: 512.3/s`
std::string backfill_bar(const BackfillProgress& progress, std::chrono::nanoseconds elapsed);

/// That the command is deprecated, and what to do instead.
std::string backfill_notice();
std::string backfill_summary(const BackfillResult& result, std::size_t sources);
/// A line for each way in which events did not arrive; empty when all did.
std::string backfill_complaint(const BackfillResult& result);
std::string backfill_json(const BackfillResult& result, const BackfillArguments& given,
                          std::size_t sources);

}  // namespace app
