#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "collect_backfill.h"
#include "collect_flags.h"
#include "terminal_text.h"

namespace app {
namespace {

using base::Errc;
using base::Error;
using base::Result;

/// The line that is written over and over; none with `--json`.
class ProgressLine {
 public:
  explicit ProgressLine(bool is_shown) : is_shown_(is_shown) {}

  void draw(const BackfillProgress& progress) const {
    if (!is_shown_) return;
    std::printf("\r%s", backfill_bar(progress, std::chrono::steady_clock::now() - begin_).c_str());
    std::fflush(stdout);
  }

 private:
  const bool is_shown_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

Result<BackfillResult> take_in(const collector::Settings& settings, const agents::Source& source,
                               const BackfillRange& range, const BackfillArguments& given) {
  std::error_code error;
  if (!std::filesystem::exists(source.path, error))
    return Error{Errc::not_found, fmt::format("failed to stat log path: {}: {}", source.path,
                                              error ? error.message() : "no such file")};
  BackfillOptions options;
  options.locations.push_back({source.agent, source.path, source.format});
  options.from = range.from;
  options.to = range.to;
  options.dry_run = given.dry_run;
  const ProgressLine line(!given.as_json);
  auto result = run_backfill(settings, options,
                             [&](const BackfillProgress& progress) { line.draw(progress); });
  if (result && !result->was_stopped)
    line.draw({result->processed + result->skipped, result->bytes, result->bytes});
  return result;
}

void add(BackfillResult& sum, const BackfillResult& one) {
  sum.processed += one.processed;
  sum.skipped += one.skipped;
  sum.errors += one.errors;
  sum.bytes += one.bytes;
  sum.was_stopped = one.was_stopped;
  sum.unsent = one.unsent;  // of the one buffer
  sum.why_unsent = one.why_unsent;
  sum.parked += one.parked;
  if (!one.why_parked.empty()) sum.why_parked = one.why_parked;
}

int run(const CollectFlags& flags, const BackfillArguments& given) {
  if (!given.as_json) std::printf("%s", backfill_notice().c_str());
  const auto settings = flags.load();
  if (!settings) return complain(settings.error());
  const auto range = backfill_range(given, base::Clock::system().now());
  if (!range) return complain(range.error());
  const auto choice = backfill_choice(given, *settings, environment);
  if (!choice) return complain(choice.error());
  if (choice->left_out > 0 && !given.as_json)
    std::printf("%zu more sources are left out; --all-workspaces takes all, --workspaces some\n",
                choice->left_out);

  BackfillResult sum;
  const auto begin = std::chrono::steady_clock::now();
  const std::size_t count = choice->sources.size();
  for (std::size_t i = 0; i < count && !sum.was_stopped; ++i) {
    const agents::Source& source = choice->sources[i];
    if (count > 1 && !given.as_json)
      std::printf("%s[%zu/%zu] Processing: %s\n", i > 0 ? "\n" : "", i + 1, count,
                  printable(source.path).c_str());
    auto result = take_in(*settings, source, *range, given);
    // Whoever else has the database has it for all sources; and a path that was asked for alone
    // has to be there.
    const bool is_final = !result && (result.error().code == Errc::conflict || !given.path.empty());
    if (is_final) return complain(result.error());
    if (result) {
      add(sum, *result);
    } else {
      ++sum.errors;
      std::fprintf(stderr, "Warning: %s\n", printable(result.error().what).c_str());
    }
  }
  sum.duration = std::chrono::steady_clock::now() - begin;
  std::printf("%s", given.as_json ? backfill_json(sum, given, count).c_str()
                                  : ("\n\n" + backfill_summary(sum, count)).c_str());
  std::fflush(stdout);
  const std::string complaint = backfill_complaint(sum);
  std::fprintf(stderr, "%s", complaint.c_str());
  return sum.was_stopped || !complaint.empty() ? kFailed : kDone;
}

}  // namespace

void add_collect_backfill(CLI::App& cli, Action& action,
                          const std::shared_ptr<CollectFlags>& flags) {
  CLI::App* group = add_group(cli, action, "backfill", "what agents have logged before");
  CLI::App* command = group->add_subcommand("run", "take it in once (deprecated: start does)");
  auto given = std::make_shared<BackfillArguments>();
  command->add_option("-a,--agent", given->agent, "the agent, by either of its names")
      ->default_str("copilot");
  command->add_option("-f,--from", given->from, "only what is from this day on, YYYY-MM-DD");
  command->add_option("-t,--to", given->to, "only what is before this day, YYYY-MM-DD");
  command->add_option("-d,--days", given->days, "only the last days, unless --from is given");
  command->add_flag("--dry-run", given->dry_run, "count, but send and write nothing");
  command->add_flag("--all-workspaces", given->all_workspaces, "all sources, not only the first");
  command
      ->add_option("--workspaces", given->workspaces,
                   "the sources with one of these in their path, with commas between")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("-p,--path", given->path, "a file, folder or pattern to read instead");
  command->add_flag("--json", given->as_json, "print JSON");
  command->callback(
      [&action, flags, given] { action = [flags, given] { return run(*flags, *given); }; });
  add_collect_backfill_status(*group, action, flags);
}

}  // namespace app
