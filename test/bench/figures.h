#pragma once

#include <string_view>
#include <vector>

#include "lab.h"
#include "report.h"
#include "result.h"

namespace bench {

/// One repeat of a measurement: adds its values to the report under the figure's name. An error
/// means that there are no values; a wrong answer of the server is a problem in the report.
using Measure = Result<void> (*)(Lab& lab, Report& report);

struct Figure {
  std::string_view name;
  Measure measure;
};

/// All figures in the order in which they run.
const std::vector<Figure>& figures();

// Ingest, with and without live subscribers: ingest_figures.cc.
Result<void> ingest_batch(Lab& lab, Report& report);
Result<void> ingest_single(Lab& lab, Report& report);
Result<void> ingest_batch_50_subscribers(Lab& lab, Report& report);
Result<void> ingest_single_50_subscribers(Lab& lab, Report& report);
Result<void> delivery_latency(Lab& lab, Report& report);
Result<void> memory(Lab& lab, Report& report);

// Agents' logs, imported and summed up: history_figures.cc.
Result<void> import_cold(Lab& lab, Report& report);
Result<void> import_warm(Lab& lab, Report& report);
Result<void> usage_daily(Lab& lab, Report& report);

// Agents' logs, followed: collector_figures.cc.
Result<void> parse_logs(Lab& lab, Report& report);
Result<void> follow_latency(Lab& lab, Report& report);
Result<void> large_log(Lab& lab, Report& report);
Result<void> many_logs(Lab& lab, Report& report);

// Commands that somebody waits for: command_figures.cc.
Result<void> process(Lab& lab, Report& report);
Result<void> hook(Lab& lab, Report& report);
Result<void> statusline(Lab& lab, Report& report);

// The task server, what it takes in a second: task_figures.cc.
Result<void> tasks_memory(Lab& lab, Report& report);
Result<void> tasks_sqlite(Lab& lab, Report& report);

// The task server, what its streams give: task_stream_figures.cc.
Result<void> tasks_memory_streams(Lab& lab, Report& report);
Result<void> tasks_sqlite_streams(Lab& lab, Report& report);
Result<void> tasks_idle_streams(Lab& lab, Report& report);
Result<void> tasks_resume(Lab& lab, Report& report);
Result<void> tasks_process(Lab& lab, Report& report);

// Everything else: figures.cc.
Result<void> views_1m(Lab& lab, Report& report);
Result<void> stats_10k(Lab& lab, Report& report);
Result<void> stats_1m(Lab& lab, Report& report);
Result<void> small_reply(Lab& lab, Report& report);
Result<void> start_ms(Lab& lab, Report& report);
Result<void> size(Lab& lab, Report& report);
Result<void> yardstick_1(Lab& lab, Report& report);
Result<void> yardstick_500(Lab& lab, Report& report);

}  // namespace bench
