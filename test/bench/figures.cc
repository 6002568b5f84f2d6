#include "figures.h"

#include <algorithm>
#include <string>

#include "events.h"
#include "load.h"
#include "yardstick.h"

namespace bench {
namespace {

using std::chrono::milliseconds;

constexpr int kConnections = 40;
constexpr std::uint64_t kQueryWarmUp = 10;  // requests
constexpr std::uint64_t kQueries = 2000;
constexpr milliseconds kReplyWarmUp{300};
constexpr std::uint64_t kViewSessions = 2000;

struct Query {
  std::string_view name;
  std::string target;
};

// One request after the other on one connection: what a person who opens a page waits for.
Result<void> measure_query(Lab& lab, Report& report, std::string_view figure, std::uint16_t port,
                           const Query& query) {
  FixedRequest source(to_get_request(port, query.target));
  Load load{.port = port,
            .connections = 1,
            .max_requests = kQueryWarmUp,
            .max_time = lab.scale().queries};
  TRY(const LoadResult warm_up, run_load(load, source));
  load.max_requests = kQueries;
  TRY(LoadResult result, run_load(load, source));
  if (warm_up.failed + result.failed > 0 || result.broken_connections > 0) {
    report.add_problem(figure, query.target + " failed");
    return {};  // the time of a refusal is no figure
  }
  const std::string name(query.name);
  report.add(figure, name + "_p50_ms", to_ms(percentile(result.latency_ns, 50)));
  report.add(figure, name + "_p99_ms", to_ms(percentile(result.latency_ns, 99)));
  return {};
}

Result<void> measure_queries(Lab& lab, Report& report, std::string_view figure,
                             const std::vector<Query>& queries, std::uint64_t events,
                             std::uint64_t sessions) {
  TRY(const std::filesystem::path database, lab.filled_database(events, sessions));
  TRY(const RunningServer server, lab.start_on(database));
  for (const Query& query : queries)
    TRY_OK(measure_query(lab, report, figure, server.process->port(), query));
  report.add(figure, "events", static_cast<double>(events));
  std::error_code ignored;
  report.add(figure, "database_mb", to_mb(std::filesystem::file_size(database, ignored)));
  return {};
}

Result<void> measure_statistics(Lab& lab, Report& report, std::string_view figure,
                                std::uint64_t events) {
  static const std::vector<Query> kTargets = {
      {"stats", "/api/stats"},
      {"events_50", "/api/events?limit=50"},
      {"events_rare_tool_50",
       "/api/events?tool_name=" + std::string(EventRequests::kRareTool) + "&limit=50"},
  };
  return measure_queries(lab, report, figure, kTargets, events, Lab::kSessions);
}

// The median of several starts. With an empty path each start makes its own database.
Result<void> measure_starts(Lab& lab, Report& report, std::string_view metric,
                            const std::filesystem::path& database) {
  std::vector<std::int64_t> times;
  for (int i = 0; i < lab.scale().starts; ++i) {
    TRY(RunningServer server, database.empty() ? lab.start_new() : lab.start_on(database));
    times.push_back(server.process->start_time().count());
    TRY_OK(server.process->stop());
  }
  report.add("start_ms", metric, to_ms(percentile(times, 50)));
  return {};
}

Result<void> measure_yardstick(Lab& lab, Report& report, std::string_view figure,
                               int rows_per_transaction) {
  TRY(const std::vector<std::string> schema, lab.schema());
  TRY(const auto directory, TempDir::create(lab.directory()));
  TRY(const double rows, measure_inserts(schema, directory->path() / "yardstick.db",
                                         rows_per_transaction, lab.scale().yardstick));
  report.add(figure, "rows_per_s", rows);
  return {};
}

}  // namespace

const std::vector<Figure>& figures() {
  static const std::vector<Figure> kFigures = {
      {"size", size},
      {"start_ms", start_ms},
      {"small_reply", small_reply},
      {"yardstick_1", yardstick_1},
      {"ingest_single", ingest_single},
      {"yardstick_500", yardstick_500},
      {"ingest_batch", ingest_batch},
      {"ingest_single_50_subscribers", ingest_single_50_subscribers},
      {"ingest_batch_50_subscribers", ingest_batch_50_subscribers},
      {"delivery_latency", delivery_latency},
      {"memory", memory},
      {"stats_10k", stats_10k},
      {"stats_1m", stats_1m},
      {"views_1m", views_1m},
      {"import_cold", import_cold},
      {"import_warm", import_warm},
      {"usage_daily", usage_daily},
      {"tasks_memory", tasks_memory},
      {"tasks_sqlite", tasks_sqlite},
      {"tasks_memory_streams", tasks_memory_streams},
      {"tasks_sqlite_streams", tasks_sqlite_streams},
      {"tasks_idle_streams", tasks_idle_streams},
      {"tasks_resume", tasks_resume},
      {"tasks_process", tasks_process},
      {"parse_logs", parse_logs},
      {"follow_latency", follow_latency},
      {"large_log", large_log},
      {"many_logs", many_logs},
      {"process", process},
      {"hook", hook},
      {"statusline", statusline},
  };
  return kFigures;
}

Result<void> stats_10k(Lab& lab, Report& report) {
  return measure_statistics(lab, report, "stats_10k", lab.scale().few_events);
}

Result<void> stats_1m(Lab& lab, Report& report) {
  return measure_statistics(lab, report, "stats_1m", lab.scale().many_events);
}

// The pages of a person who looks at all of it.
Result<void> views_1m(Lab& lab, Report& report) {
  static const std::vector<Query> kTargets = {
      {"sessions", "/api/sessions"},
      {"sessions_all", "/api/sessions?limit=0"},
      {"cost", "/api/stats/cost"},
      {"tools", "/api/stats/tools"},
      {"filter_options", "/api/filter-options"},
      {"session", "/api/sessions/bench-session-0100"},
      {"transcript", "/api/sessions/bench-session-0100/transcript"},
  };
  return measure_queries(lab, report, "views_1m", kTargets, lab.scale().many_events, kViewSessions);
}

Result<void> small_reply(Lab& lab, Report& report) {
  constexpr std::string_view kName = "small_reply";
  TRY(const RunningServer server, lab.start_new({"--io-threads", "1"}));
  const std::uint16_t port = server.process->port();
  FixedRequest source(to_get_request(port, "/api/health"));
  Load load{.port = port, .connections = kConnections, .max_time = kReplyWarmUp};
  TRY(const LoadResult warm_up, run_load(load, source));
  load.max_time = lab.scale().replies;
  TRY(LoadResult result, run_load(load, source));
  report.add(kName, "replies_per_s", result.ok_per_second());
  report.add(kName, "p50_ms", to_ms(percentile(result.latency_ns, 50)));
  report.add(kName, "p99_ms", to_ms(percentile(result.latency_ns, 99)));
  report.add(kName, "failed_requests", static_cast<double>(warm_up.failed + result.failed));
  if (result.broken_connections > 0) report.add_problem(kName, "connections broke");
  report.add(kName, "generator_cores", result.generator_cores);
  return {};
}

Result<void> start_ms(Lab& lab, Report& report) {
  TRY_OK(measure_starts(lab, report, "new_database", {}));
  TRY(const std::filesystem::path few, lab.filled_database(lab.scale().few_events));
  TRY_OK(measure_starts(lab, report, "few_events", few));
  TRY(const std::filesystem::path many, lab.filled_database(lab.scale().many_events));
  return measure_starts(lab, report, "many_events", many);
}

Result<void> size(Lab& lab, Report& report) {
  TRY(const auto directory, TempDir::create(lab.directory()));
  TRY(const std::uint64_t bytes, stripped_bytes(lab.program(), directory->path()));
  report.add("size", "bytes", static_cast<double>(bytes));
  report.add("size", "mb", to_mb(bytes));
  return {};
}

Result<void> yardstick_1(Lab& lab, Report& report) {
  return measure_yardstick(lab, report, "yardstick_1", 1);
}

Result<void> yardstick_500(Lab& lab, Report& report) {
  return measure_yardstick(lab, report, "yardstick_500", 500);
}

}  // namespace bench
