#include "goals.h"

namespace bench {

const std::vector<Goal>& goals() {
  using enum Goal::Bound;
  static const std::vector<Goal> kGoals = {
      {"ingest_batch", "events_per_s", at_least, 12 * 3'700, "12 times 3,700/s"},
      {"ingest_single", "requests_per_s", at_least, 8 * 2'550, "8 times 2,550/s"},
      {"ingest_single", "p99_ms", at_most, 12, "12 ms"},
      {"ingest_batch_50_subscribers", "delivered_per_s", at_least, 5 * 126'000,
       "5 times 126,000/s"},
      {"delivery_latency", "p50_ms", at_most, 0.7, "0.7 ms"},
      {"delivery_latency", "p99_ms", at_most, 2, "2 ms"},
      {"stats_1m", "stats_p99_ms", at_most, 5, "5 ms"},
      {"small_reply", "replies_per_s", at_least, 80'000, "80,000/s"},
      {"start_ms", "new_database", at_most, 10, "10 ms"},
      {"memory", "idle_mb", at_most, 7, "7 MB"},
      {"memory", "peak_mb", at_most, 24, "24 MB"},
      {"size", "mb", at_most, 10, "10 MB"},
      {"views_1m", "sessions_p99_ms", at_most, 20, "20 ms"},
      {"views_1m", "sessions_all_p99_ms", at_most, 20, "20 ms"},
      {"views_1m", "cost_p99_ms", at_most, 20, "20 ms"},
      {"tasks_memory", "create_per_s", at_least, 60'000, "60,000/s"},
      {"tasks_memory", "publish_per_s", at_least, 60'000, "60,000/s"},
      {"tasks_memory", "batch_per_s", at_least, 500'000, "500,000/s"},
      {"tasks_sqlite", "create_per_s", at_least, 12 * 1'100, "12 times 1,100/s"},
      {"tasks_sqlite", "publish_per_s", at_least, 12 * 940, "12 times 940/s"},
      {"tasks_sqlite", "batch_per_s", at_least, 12 * 2'000, "12 times 2,000/s"},
      {"tasks_memory_streams", "with_200_p50_ms", at_most, 1, "1 ms"},
      {"tasks_memory_streams", "with_200_p99_ms", at_most, 3, "3 ms"},
      {"tasks_memory_streams", "with_1000_p50_ms", at_most, 3, "3 ms"},
      {"tasks_memory_streams", "with_1000_p99_ms", at_most, 8, "8 ms"},
      {"tasks_memory_streams", "with_1000_delivered_per_s", at_least, 600'000, "600,000/s"},
      {"tasks_memory_streams", "with_1000_peak_mb", at_most, 30, "30 MB"},
      {"tasks_sqlite_streams", "with_200_p50_ms", at_most, 1, "1 ms"},
      {"tasks_sqlite_streams", "with_200_p99_ms", at_most, 3, "3 ms"},
      {"tasks_sqlite_streams", "with_1000_p50_ms", at_most, 3, "3 ms"},
      {"tasks_sqlite_streams", "with_1000_p99_ms", at_most, 8, "8 ms"},
      {"tasks_sqlite_streams", "with_1000_delivered_per_s", at_least, 600'000, "600,000/s"},
      {"tasks_sqlite_streams", "with_1000_peak_mb", at_most, 30, "30 MB"},
      {"tasks_process", "memory_idle_mb", at_most, 8, "8 MB"},
      {"tasks_process", "sqlite_idle_mb", at_most, 8, "8 MB"},
      {"parse_logs", "claude_mb_per_s", at_least, 250, "250 MB/s a core"},
      {"parse_logs", "copilot_chat_mb_per_s", at_least, 250, "250 MB/s a core"},
      {"parse_logs", "copilot_chat_large_mb_per_s", at_least, 250, "250 MB/s a core"},
      {"parse_logs", "copilot_chat_log_mb_per_s", at_least, 250, "250 MB/s a core"},
      {"parse_logs", "copilot_cli_mb_per_s", at_least, 250, "250 MB/s a core"},
      {"parse_logs", "codex_mb_per_s", at_least, 150, "150 MB/s a core"},
      {"parse_logs", "cursor_state_mb_per_s", at_least, 150, "150 MB/s a core"},
      {"parse_logs", "cursor_transcript_mb_per_s", at_least, 150, "150 MB/s a core"},
      {"parse_logs", "gemini_mb_per_s", at_least, 150, "150 MB/s a core"},
      {"parse_logs", "opencode_mb_per_s", at_least, 150, "150 MB/s a core"},
      {"parse_logs", "generic_mb_per_s", at_least, 150, "150 MB/s a core"},
      {"follow_latency", "collect_p99_ms", at_most, 5, "5 ms"},
      {"follow_latency", "serve_p99_ms", at_most, 5, "5 ms"},
      {"large_log", "serve_claude_peak_mb", at_most, 64, "64 MB"},
      {"large_log", "serve_copilot_peak_mb", at_most, 64, "64 MB"},
      {"large_log", "collect_claude_peak_mb", at_most, 64, "64 MB"},
      {"large_log", "collect_copilot_peak_mb", at_most, 64, "64 MB"},
      {"many_logs", "watching_ms", at_most, 300, "300 ms"},
      {"hook", "up_p99_ms", at_most, 10, "10 ms"},
      {"hook", "down_p99_ms", at_most, 10, "10 ms"},
      {"statusline", "up_p99_ms", at_most, 5, "5 ms"},
      {"statusline", "down_p99_ms", at_most, 5, "5 ms"},
  };
  return kGoals;
}

const std::vector<Ratio>& ratios() {
  using enum Goal::Bound;
  static const std::vector<Ratio> kRatios = {
      {"ingest_single_to_yardstick_1", "ingest_single", "requests_per_s", "yardstick_1",
       "rows_per_s", 3, at_least},
      {"ingest_batch_to_yardstick_500", "ingest_batch", "events_per_s", "yardstick_500",
       "rows_per_s", 1, at_least},
      {"import_warm_to_yardstick", "import_warm", "events_per_s", "import_warm",
       "yardstick_rows_per_s"},
      {"tasks_sqlite_publish_to_yardstick_1", "tasks_sqlite", "publish_per_s", "yardstick_1",
       "rows_per_s", 3, at_least},
      {"ccusage_to_usage_daily", "usage_daily", "ccusage_both_ms", "usage_daily", "daily_ms"},
      {"ccusage_to_import_and_usage_daily", "usage_daily", "ccusage_both_ms", "usage_daily",
       "import_and_daily_ms"},
      {"version_to_true", "process", "version_p50_ms", "process", "true_p50_ms"},
      {"hook_up_to_true", "hook", "up_p50_ms", "process", "true_p50_ms"},
      {"statusline_up_to_true", "statusline", "up_p50_ms", "process", "true_p50_ms"},
      {"stats_1m_to_10k", "stats_1m", "stats_p50_ms", "stats_10k", "stats_p50_ms", 2, at_most},
  };
  return kRatios;
}

}  // namespace bench
