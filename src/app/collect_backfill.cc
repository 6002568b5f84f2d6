#include "collect_backfill.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"
#include "base/text.h"
#include "collect_flags.h"
#include "go_duration.h"
#include "terminal_text.h"

namespace app {
namespace {

using base::Errc;
using base::Error;
using base::Result;

constexpr int kCells = 20;

/// The midnight that `YYYY-MM-DD` begins with.
Result<base::Time> parse_day(const std::string& text) {
  const auto number = [&text](std::size_t begin, std::size_t size) {
    const std::string part = text.substr(begin, size);
    return part.find_first_not_of("0123456789") == part.npos
               ? static_cast<int>(base::parse_leading_int(part).value_or(-1))
               : -1;
  };
  const bool has_shape = text.size() == 10 && text[4] == '-' && text[7] == '-';
  const int year = has_shape ? number(0, 4) : -1, month = has_shape ? number(5, 2) : -1,
            day = has_shape ? number(8, 2) : -1;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (year < 0 || month < 0 || day < 0 || !date.ok())
    return Error{Errc::invalid_argument, fmt::format("\"{}\" is not of the form YYYY-MM-DD", text)};
  return base::Time(std::chrono::sys_days(date));
}

/// What stands at a path, or may: a source even when there is nothing.
std::vector<agents::Source> sources_of_path(agents::Agent agent, const std::string& path,
                                            const agents::Environment& environment) {
  const agents::Location location = agents::location_at(agent, path, environment);
  std::vector<agents::Source> sources = agents::find_sources(location);
  if (sources.empty()) sources.push_back({agent, location.pattern, false, {}});
  return sources;
}

/// All that the agent has.
Result<std::vector<agents::Source>> sources_of(const BackfillArguments& given, agents::Agent agent,
                                               const collector::Settings& settings,
                                               const agents::Environment& environment) {
  if (!given.path.empty()) return sources_of_path(agent, given.path, environment);
  auto entry = settings.agents.find(agents::short_name(agent));
  if (entry == settings.agents.end()) entry = settings.agents.find(agents::adapter_name(agent));
  const std::string log_path = entry == settings.agents.end() ? "auto" : entry->second.log_path;
  if (log_path.empty()) return Error{Errc::invalid_argument, "no log path specified"};
  if (log_path != "auto") return sources_of_path(agent, log_path, environment);

  const auto found = sources_at(agents::locations_of(agent, agents::this_system(), environment));
  if (found.empty())
    return Error{Errc::not_found, fmt::format("no logs found for agent {}", given.agent)};
  return found.front().sources;
}

double rate(std::int64_t events, std::chrono::duration<double> elapsed) {
  return elapsed.count() > 0 ? static_cast<double>(events) / elapsed.count() : 0;
}

}  // namespace

Result<BackfillRange> backfill_range(const BackfillArguments& given, base::Time now) {
  BackfillRange range{{}, now};
  if (!given.from.empty()) {
    auto from = parse_day(given.from);
    if (!from) return std::move(from.error()).within("invalid from date");
    range.from = *from;
  } else if (given.days > 0) {
    constexpr std::int64_t kMostDays = 366 * 10'000;
    range.from = now - std::chrono::days(std::min(given.days, kMostDays));
  }
  if (!given.to.empty()) {
    auto to = parse_day(given.to);
    if (!to) return std::move(to.error()).within("invalid to date");
    range.to = *to;
  }
  return range;
}

Result<BackfillChoice> backfill_choice(const BackfillArguments& given,
                                       const collector::Settings& settings,
                                       const agents::Environment& environment) {
  TRY(const agents::Agent agent, agent_named(given.agent));
  TRY(auto sources, sources_of(given, agent, settings, environment));
  const std::size_t all = sources.size();
  if (!given.workspaces.empty()) {
    std::erase_if(sources, [&](const agents::Source& source) {
      return std::none_of(
          given.workspaces.begin(), given.workspaces.end(),
          [&](const std::string& id) { return source.path.find(id) != std::string::npos; });
    });
    if (sources.empty()) return Error{Errc::not_found, "no logs found for specified workspaces"};
    return BackfillChoice{std::move(sources), 0};
  }
  if (!given.all_workspaces) sources.resize(1);
  return BackfillChoice{std::move(sources), given.all_workspaces ? 0 : all - 1};
}

std::string backfill_bar(const BackfillProgress& progress, std::chrono::nanoseconds elapsed) {
  const double done = static_cast<double>(std::min(progress.bytes_done, progress.bytes));
  const double percent =
      progress.bytes > 0 ? 100.0 * done / static_cast<double>(progress.bytes) : 100.0;
  const int filled = std::min(static_cast<int>(percent / 5), kCells);
  std::string bar;
  for (int i = 0; i < kCells; ++i) bar += i < filled ? "█" : "░";
  return fmt::format("Progress: [{}] {:.1f}% | Events: {} | Speed: {:.1f}/s", bar, percent,
                     progress.events, rate(progress.events, elapsed));
}

std::string backfill_notice() {
  return fmt::format(
      "⚠️  DEPRECATED: The 'backfill run' command is deprecated.\n"
      "   History is taken in when the collector starts:\n"
      "     {0} start\n"
      "   This shows how far it has come:\n"
      "     {0} sync status\n\n",
      collector_program());
}

std::string backfill_summary(const BackfillResult& r, std::size_t sources) {
  std::string out =
      r.was_stopped ? "Backfill stopped; the rest comes next time\n" : "✓ Backfill completed\n";
  if (sources > 1) out += fmt::format("Workspaces processed: {}\n", sources);
  return out + fmt::format(
                   "Duration: {}\nEvents processed: {}\nEvents skipped: {} (duplicates)\n"
                   "Errors: {}\nThroughput: {:.1f} events/sec\nData processed: {:.2f} MB\n",
                   to_go_duration(r.duration), r.processed, r.skipped, r.errors,
                   rate(r.processed, r.duration), static_cast<double>(r.bytes) / (1 << 20));
}

std::string backfill_complaint(const BackfillResult& r) {
  const auto line = [](std::int64_t events, std::string_view what, const std::string& why) {
    if (events == 0) return std::string();
    return fmt::format("Error: {} events {}{}{}\n", events, what, why.empty() ? "" : ": ",
                       printable(why));
  };
  return line(r.unsent, "wait to be sent", r.why_unsent) +
         line(r.parked, "were refused and set aside", r.why_parked);
}

std::string backfill_json(const BackfillResult& r, const BackfillArguments& given,
                          std::size_t sources) {
  std::string out;
  base::json::Writer json(out);
  json.begin_object().key("agent").value(given.agent).key("dryRun").value(given.dry_run);
  json.key("sources").value(sources).key("processed").value(r.processed);
  json.key("skipped").value(r.skipped).key("errors").value(r.errors).key("bytes").value(r.bytes);
  json.key("durationSeconds").value(std::chrono::duration<double>(r.duration).count());
  json.key("eventsPerSecond").value(rate(r.processed, r.duration));
  json.key("unsent").value(r.unsent).key("parked").value(r.parked);
  json.key("stopped").value(r.was_stopped).end_object();
  return out + "\n";
}

}  // namespace app
