#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "base/json_writer.h"
#include "base/log.h"
#include "base/time_text.h"
#include "base/utf8.h"
#include "command.h"
#include "local_ledger.h"
#include "monitor/import.h"
#include "progress_bar.h"
#include "terminal_text.h"

namespace app {
namespace {

using monitor::ImportedFile;
using Outcome = ImportedFile::Outcome;

int refuse(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  return kFailed;
}

std::string line_of(const ImportedFile& file, bool dry_run) {
  const std::string path = printable(file.path);
  switch (file.outcome) {
    case Outcome::unchanged:
      return fmt::format("  SKIP  {} (unchanged)", path);
    case Outcome::empty:
      return fmt::format("  EMPTY {}", path);
    case Outcome::failed:
      return fmt::format("  FAIL  {} ({})", path, printable(file.problem));
    case Outcome::read:
      break;
  }
  std::string line =
      fmt::format("  {} {}: {} events", dry_run ? "FOUND" : "DONE ", path, file.events_found);
  if (file.duplicates > 0) line += fmt::format(", {} duplicates", file.duplicates);
  const std::uint64_t lost = file.lines.broken + file.lines.too_long;
  if (lost > 0) line += fmt::format(" ({} of {} lines unreadable)", lost, file.lines.lines);
  return line;
}

/// Prints what happens as it happens.
class Printer : public monitor::ImportObserver {
 public:
  Printer(bool quiet, bool dry_run) : quiet_(quiet), dry_run_(dry_run) {}

  void begin(std::size_t, std::uint64_t bytes) override { bar_.set_total(bytes); }
  void progress(std::uint64_t bytes) override { bar_.advance(bytes); }
  void done(const ImportedFile& file) override {
    if (quiet_) return;
    bar_.clear();
    std::printf("%s\n", line_of(file, dry_run_).c_str());
  }
  void end() { bar_.clear(); }

 private:
  bool quiet_, dry_run_;
  ProgressBar bar_{"history"};
};

void print_head(const ImportArguments& given, const monitor::ImportOptions& options) {
  std::printf("AgentMonitor Historical Import\n");
  std::printf("  Source:   %s\n", given.source.c_str());
  if (options.from) std::printf("  From:     %s\n", base::to_iso_ms(*options.from).c_str());
  if (options.to) std::printf("  To:       %s\n", base::to_iso_ms(*options.to).c_str());
  if (options.dry_run) std::printf("  Mode:     DRY RUN (no database writes)\n");
  if (options.force) std::printf("  Force:    re-importing all files\n");
  std::printf("\n");
}

void print_results(const monitor::ImportResult& result, bool dry_run) {
  std::printf("\n%s\n", dry_run ? "Results (dry run):" : "Results:");
  const auto print = [](const char* what, std::size_t count) {
    std::printf("  %-17s %zu\n", what, count);
  };
  print("Files scanned:", result.files.size());
  print("Files skipped:", static_cast<std::size_t>(result.unchanged_files()));
  print("Events found:", static_cast<std::size_t>(result.events_found()));
  print("Events imported:", static_cast<std::size_t>(result.events_imported()));
  print("Duplicates:", static_cast<std::size_t>(result.duplicates()));
}

void print_json(const monitor::ImportResult& result) {
  std::string out;
  base::json::Writer json(out);
  json.begin_object().key("files").begin_array();
  for (const ImportedFile& file : result.files) {
    json.begin_object().key("path").value(base::to_utf8(file.path));
    json.key("source").value(monitor::import_source(file.agent));
    json.key("eventsFound").value(file.events_found);
    json.key("eventsImported").value(file.events_imported);
    json.key("skippedDuplicate").value(file.duplicates);
    json.key("skippedUnchanged").value(file.outcome == Outcome::unchanged);
    json.key("lines").value(file.lines.lines).key("brokenLines").value(file.lines.broken);
    json.key("tooLongLines").value(file.lines.too_long).key("cutLines").value(file.lines.cut);
    json.key("error").value_or_null(file.problem).end_object();
  }
  json.end_array().key("totalFiles").value(result.files.size());
  json.key("totalEventsFound").value(result.events_found());
  json.key("totalEventsImported").value(result.events_imported());
  json.key("totalDuplicates").value(result.duplicates());
  json.key("skippedFiles").value(result.unchanged_files()).end_object();
  std::printf("%s\n", out.c_str());
}

base::Result<monitor::ImportResult> run(const Config& config, const ImportArguments& given,
                                        const monitor::ImportOptions& options,
                                        monitor::ImportObserver& observer) {
  agents::Places places = log_places(given.claude_dir, given.codex_dir);
  const std::size_t max_metadata = config.monitor_settings().max_metadata_bytes;
  if (options.dry_run) {
    base::BlockingExecutor executor;
    base::WorkerPool pool;
    store::SnapshotReaders readers(config.text("db"), pool, 1);
    std::thread worker([&pool] { pool.work(0); });
    monitor::Importer importer({nullptr, readers, pool, places, max_metadata});
    auto result = executor.await(importer.run(options, observer));
    pool.stop();
    worker.join();
    return result;
  }
  // A file is remembered behind its events, so what a power cut takes is read again the next time.
  TRY(const auto local, LocalLedger::open(config, LocalLedger::Sync::at_the_end));
  monitor::Importer importer(
      {&local->ledger(), local->readers(), local->pool(), places, max_metadata});
  return local->await(importer.run(options, observer));
}

}  // namespace

int import_history(const Config& config, const ImportArguments& given) {
  if (given.source == "antigravity") return refuse("Source antigravity is not supported yet.");
  if (given.source != "all" && given.source != "claude-code" && given.source != "codex")
    return refuse(
        fmt::format("Invalid source: {}. Must be claude-code, codex, or all.", given.source));
  monitor::ImportOptions options;
  options.claude_code = given.source != "codex";
  options.codex = given.source != "claude-code";
  options.from = base::parse_date(given.from);
  options.to = base::parse_date(given.to);
  if (!given.from.empty() && !options.from)
    return refuse(fmt::format("Invalid --from date: {}", given.from));
  if (!given.to.empty() && !options.to)
    return refuse(fmt::format("Invalid --to date: {}", given.to));
  options.dry_run = given.dry_run;
  options.force = given.force;

  base::log::set_level(base::log::Level::error);
  if (!given.as_json) print_head(given, options);
  Printer printer(given.as_json, given.dry_run);
  const auto result = run(config, given, options, printer);
  printer.end();
  if (!result) return complain(result.error());
  given.as_json ? print_json(*result) : print_results(*result, given.dry_run);
  const auto failed =
      std::count_if(result->files.begin(), result->files.end(),
                    [](const auto& file) { return file.outcome == Outcome::failed; });
  if (failed == 0) return kDone;
  return front() == Front::sightline ? kFailed : kPartlyDone;
}

void add_import_command(CLI::App& cli, Action& action) {
  CLI::App* command = cli.add_subcommand("import", "bring in what agents have logged so far");
  auto flags = std::make_shared<ConfigFlags>(*command, ConfigFlags::Offer::client_keys);
  auto given = std::make_shared<ImportArguments>();
  command->add_option("--source", given->source, "claude-code, codex or all")->default_str("all");
  command->add_option("--from", given->from, "nothing before this date");
  command->add_option("--to", given->to, "nothing after this date");
  offer_log_places(*command, given->claude_dir, given->codex_dir);
  command->add_flag("--dry-run", given->dry_run, "look, but write nothing");
  command->add_flag("--force", given->force, "read files again that were imported before");
  command->add_flag("--json", given->as_json, "print JSON");
  command->allow_extras();
  command->callback([&action, command, flags, given] {
    const std::vector<std::string> unknown = command->remaining();
    action = [flags, given, unknown] {
      if (!unknown.empty())
        return refuse(fmt::format("Unknown argument: {}. Use --help for usage.", unknown.front()));
      const auto config = flags->load();
      return config ? import_history(*config, *given) : complain(config.error());
    };
  });
}

}  // namespace app
