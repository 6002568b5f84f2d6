#include "collect_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "store/sqlite.h"

namespace app {
namespace {

namespace fs = std::filesystem;
using base::Errc;
using base::Error;
using base::Result;
using collector::BackfillState;
using store::Database;

/// Where the collector keeps what it needs when it is not called by the original's name.
collector::DefaultPaths sightline_paths() {
  const auto data = environment("XDG_DATA_HOME");
  const std::string folder = data && !data->empty() ? *data : "~/.local/share";
  return {folder + "/sightline/collector.db", folder + "/sightline/collector.log"};
}

/// Nothing when there is no such file.
Result<std::optional<Database>> open_existing(const std::string& path) {
  std::error_code ignored;
  if (path.empty() || !fs::exists(path, ignored)) return std::optional<Database>{};
  TRY(Database db, Database::open(path, store::Access::read_only));
  return std::optional<Database>(std::move(db));
}

Result<bool> has_table(Database& db, std::string_view table) {
  TRY(const auto count,
      db.integer("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?1", table));
  return count.value_or(0) > 0;
}

}  // namespace

std::string CollectFlags::settings_path() const {
  return collector::settings_path(config, environment);
}

Result<collector::Settings> CollectFlags::settings() const {
  const auto paths = front() == Front::devlog ? collector::DefaultPaths{} : sightline_paths();
  TRY(auto settings, collector::load_settings(settings_path(), environment, paths));
  if (is_verbose) settings.log_level = "debug";
  return settings;
}

Result<collector::Settings> CollectFlags::load() const {
  auto loaded = settings();
  if (!loaded) return std::move(loaded.error()).within("failed to load configuration");
  return loaded;
}

std::string collector_program() {
  return front() == Front::devlog ? "devlog-collector" : "sightline collect";
}

Result<agents::Agent> agent_named(const std::string& name) {
  if (const auto agent = agents::parse_agent(name)) return *agent;
  return Error{Errc::invalid_argument, fmt::format("unknown agent: {}", name)};
}

std::vector<AgentSources> sources_at(const std::vector<agents::Location>& locations) {
  std::vector<AgentSources> found;
  for (const agents::Agent agent : agents::agents_in_order()) {
    AgentSources of_agent{agent, {}};
    for (const agents::Location& location : locations) {
      if (location.agent != agent) continue;
      for (agents::Source& source : agents::find_sources(location))
        of_agent.sources.push_back(std::move(source));
    }
    const auto by_path = [](const auto& a, const auto& b) { return a.path < b.path; };
    const auto same_path = [](const auto& a, const auto& b) { return a.path == b.path; };
    auto& sources = of_agent.sources;
    std::stable_sort(sources.begin(), sources.end(), by_path);
    sources.erase(std::unique(sources.begin(), sources.end(), same_path), sources.end());
    if (!sources.empty()) found.push_back(std::move(of_agent));
  }
  return found;
}

Result<std::optional<std::int64_t>> pending_events(const collector::Settings& settings) {
  TRY(auto db, open_existing(settings.buffer_path));
  if (!db) return std::optional<std::int64_t>{};
  return db->integer("SELECT count(*) FROM events");
}

Result<collector::parked::Summary> parked_events(const collector::Settings& settings) {
  TRY(auto db, open_existing(settings.buffer_path));
  if (!db) return collector::parked::Summary{};
  return collector::parked::summary(*db);
}

Result<std::optional<std::vector<BackfillState>>> backfill_states(
    const collector::Settings& settings, std::string_view agent) {
  // In this order, as who writes it finds the table.
  for (const std::string& path : {settings.buffer_path, settings.backfill_path}) {
    TRY(auto db, open_existing(path));
    if (!db) continue;
    TRY(const bool is_there, has_table(*db, "backfill_state"));
    if (!is_there) continue;
    TRY(auto states, collector::backfill::all(*db, agent));
    return std::optional(std::move(states));
  }
  return std::optional<std::vector<BackfillState>>{};
}

int print_help(const CLI::App& command) {
  std::string name = command.get_name();
  for (const CLI::App* above = command.get_parent(); above; above = above->get_parent())
    name = above->get_name() + " " + name;
  // CLI::App::help would print that of the command which was chosen.
  const auto mode = CLI::AppFormatMode::Normal;
  std::printf("%s", command.get_formatter()->make_help(&command, name, mode).c_str());
  return kDone;
}

CLI::App* add_group(CLI::App& cli, Action& action, const std::string& name,
                    const std::string& what) {
  CLI::App* group = cli.add_subcommand(name, what);
  group->require_subcommand(0, 1);
  group->callback([&action, group] {
    if (!group->get_subcommands().empty()) return;
    action = [group] { return print_help(*group); };
  });
  return group;
}

}  // namespace app
