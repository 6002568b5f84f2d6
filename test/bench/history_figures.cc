#include <fstream>
#include <iterator>
#include <string>

#include "child.h"
#include "figures.h"
#include "history.h"
#include "load.h"
#include "yardstick.h"

namespace bench {
namespace {

namespace fs = std::filesystem;

// Above this share of the logs in memory before a cold import, it was none.
constexpr double kColdShare = 0.05;
constexpr int kYardstickRows = 2000;  // a transaction, as the import has
constexpr std::chrono::minutes kYardstickLimit{2};
constexpr int kReports = 5;  // of `usage daily`, whose median counts
constexpr const char* kClaudeOriginal = "ccusage/dist/index.js";
constexpr const char* kCodexOriginal = "@ccusage/codex/dist/index.js";

enum class Memory { cold, warm };

/// A database of its own, and what programs need that work on it and on the logs.
struct Workplace {
  std::unique_ptr<TempDir> directory;
  fs::path database;
  std::vector<std::string> environment;

  static Result<Workplace> create(Lab& lab, const AgentLogs& logs) {
    Workplace place;
    TRY(place.directory, TempDir::create(lab.directory()));
    place.database = place.directory->path() / "monitor.db";
    place.environment = environment_in(place.directory->path());
    place.environment.push_back("CLAUDE_CONFIG_DIR=" + logs.claude.string());
    place.environment.push_back("CODEX_HOME=" + logs.codex.string());
    return place;
  }

  Result<Completed> run(std::vector<std::string> arguments) const {
    return run_command({.arguments = std::move(arguments),
                        .environment = environment,
                        .directory = directory->path(),
                        .input = {},
                        .output = output()});
  }
  fs::path output() const { return directory->path() / "output"; }
};

struct Imported {
  Completed run;
  std::uint64_t files = 0, unchanged = 0, events = 0;
};

Result<Imported> import_logs(Lab& lab, const Workplace& place) {
  Imported imported;
  TRY(imported.run,
      place.run({lab.program().string(), "import", "--json", "--db", place.database.string()}));
  std::ifstream file(place.output());
  const std::string json(std::istreambuf_iterator<char>(file), {});
  const auto files = number_of(json, "totalFiles"), unchanged = number_of(json, "skippedFiles"),
             events = number_of(json, "totalEventsImported");
  if (!files || !unchanged || !events) return Error{"the import did not tell what it did"};
  imported.files = *files;
  imported.unchanged = *unchanged;
  imported.events = *events;
  return imported;
}

double to_seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

// True when there is something to import; says why when there is not.
bool can_import(Lab& lab, Report& report, std::string_view figure) {
  if (fs::exists(lab.log_generator())) return true;
  report.add_note(figure, "left out: no support/agent_logs.mjs in the folder of --test-folder");
  return false;
}

void prepare_memory(Report& report, std::string_view figure, const AgentLogs& logs, Memory memory) {
  if (memory == Memory::warm) return load_into_memory(logs.files);
  drop_from_memory(logs.files);
  const std::optional<double> share = share_in_memory(logs.files);
  if (share) report.add(figure, "share_in_memory", *share);
  if (!share || *share > kColdShare)
    report.add_note(figure, "not cold: the kernel did not let go of the logs");
}

Result<void> check_import(Report& report, std::string_view figure, const Workplace& place,
                          const AgentLogs& logs, const Imported& imported) {
  TRY(const std::uint64_t stored, count_events(place.database));
  if (stored != imported.events)
    report.add_problem(figure, std::to_string(imported.events) + " events imported, " +
                                   std::to_string(stored) + " stored");
  if (imported.files != logs.files.size())
    report.add_problem(figure, std::to_string(logs.files.size()) + " files written, " +
                                   std::to_string(imported.files) + " found");
  return {};
}

Result<void> measure_import(Report& report, std::string_view figure, Lab& lab,
                            const Workplace& place, Memory memory, std::uint64_t& events) {
  TRY(const AgentLogs logs, lab.agent_logs());
  prepare_memory(report, figure, logs, memory);
  TRY(const Imported imported, import_logs(lab, place));
  TRY_OK(check_import(report, figure, place, logs, imported));
  const double seconds = to_seconds(imported.run.time);
  report.add(figure, "mb_per_s", to_mb(logs.bytes) / seconds);
  report.add(figure, "events_per_s", static_cast<double>(imported.events) / seconds);
  report.add(figure, "seconds", seconds);
  report.add(figure, "peak_mb", to_mb(imported.run.peak_bytes));
  report.add(figure, "logs_mb", to_mb(logs.bytes));
  report.add(figure, "files", static_cast<double>(imported.files));
  report.add(figure, "events", static_cast<double>(imported.events));
  events = imported.events;
  return {};
}

// Nothing has changed: what a server that imports every few minutes does all day.
Result<void> measure_import_again(Lab& lab, Report& report, std::string_view figure,
                                  const Workplace& place) {
  TRY(const Imported again, import_logs(lab, place));
  if (again.unchanged != again.files)
    report.add_problem(figure, "an import read files again that had not changed");
  report.add(figure, "again_ms", to_ms(again.run.time.count()));
  report.add(figure, "again_files_per_s",
             static_cast<double>(again.files) / to_seconds(again.run.time));
  return {};
}

Result<void> measure_yardstick(Lab& lab, Report& report, std::string_view figure,
                               std::uint64_t events) {
  TRY(const std::vector<std::string> schema, lab.schema());
  TRY(const auto directory, TempDir::create(lab.directory()));
  TRY(const double rows, measure_inserts(schema, directory->path() / "yardstick.db", kYardstickRows,
                                         kYardstickLimit, events));
  report.add(figure, "yardstick_rows_per_s", rows);
  return {};
}

Result<double> measure_daily(Lab& lab, const Workplace& place) {
  std::vector<std::int64_t> times;
  for (int i = 0; i < kReports; ++i) {
    TRY(const Completed done, place.run({lab.program().string(), "usage", "daily", "--timezone",
                                         "UTC", "--db", place.database.string()}));
    times.push_back(done.time.count());
  }
  return to_ms(percentile(times, 50));
}

// Nothing when the package is not there, and the report says so.
Result<std::optional<double>> measure_original(Lab& lab, Report& report, const Workplace& place,
                                               const char* script) {
  const fs::path path = lab.test_folder() / "node_modules" / script;
  if (!fs::exists(path)) {
    report.add_note("usage_daily",
                    "not compared: no node_modules/" + std::string(script) + " in --test-folder");
    return std::optional<double>();
  }
  TRY(const Completed done,
      place.run({"node", path.string(), "daily", "--offline", "--json", "--timezone", "UTC"}));
  return std::optional(to_ms(done.time.count()));
}

}  // namespace

Result<void> import_cold(Lab& lab, Report& report) {
  if (!can_import(lab, report, "import_cold")) return {};
  TRY(const AgentLogs logs, lab.agent_logs());
  TRY(const Workplace place, Workplace::create(lab, logs));
  std::uint64_t events = 0;
  return measure_import(report, "import_cold", lab, place, Memory::cold, events);
}

Result<void> import_warm(Lab& lab, Report& report) {
  if (!can_import(lab, report, "import_warm")) return {};
  TRY(const AgentLogs logs, lab.agent_logs());
  TRY(const Workplace place, Workplace::create(lab, logs));
  std::uint64_t events = 0;
  TRY_OK(measure_import(report, "import_warm", lab, place, Memory::warm, events));
  TRY_OK(measure_import_again(lab, report, "import_warm", place));
  report.add("import_warm", "database_mb", to_mb(fs::file_size(place.database)));
  return measure_yardstick(lab, report, "import_warm", events);
}

Result<void> usage_daily(Lab& lab, Report& report) {
  constexpr std::string_view kName = "usage_daily";
  if (!can_import(lab, report, kName)) return {};
  TRY(const AgentLogs logs, lab.agent_logs());
  TRY(const Workplace place, Workplace::create(lab, logs));
  load_into_memory(logs.files);
  TRY(const Imported imported, import_logs(lab, place));
  TRY(const double daily_ms, measure_daily(lab, place));
  report.add(kName, "daily_ms", daily_ms);
  report.add(kName, "import_and_daily_ms", to_ms(imported.run.time.count()) + daily_ms);
  load_into_memory(logs.files);
  TRY(const auto claude_ms, measure_original(lab, report, place, kClaudeOriginal));
  TRY(const auto codex_ms, measure_original(lab, report, place, kCodexOriginal));
  if (claude_ms) report.add(kName, "ccusage_ms", *claude_ms);
  if (codex_ms) report.add(kName, "ccusage_codex_ms", *codex_ms);
  if (claude_ms && codex_ms) report.add(kName, "ccusage_both_ms", *claude_ms + *codex_ms);
  return {};
}

}  // namespace bench
