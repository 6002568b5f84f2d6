#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agents/discovery.h"
#include "app/config.h"
#include "base/result.h"
#include "monitor/costs.h"

namespace CLI {
class App;
}

/// What the commands of the command line share. Each command is one `<name>_command.cc` with an
/// `add_<name>_command`, which declares its flags and says what to do when it is chosen.
namespace app {

constexpr int kDone = 0, kFailed = 1, kWrongUsage = 2;
constexpr int kUnavailable = 3, kNotFound = 4, kPartlyDone = 5;  // of Front::agentmonitor only

/// The program whose command line this is. It decides exit codes, the name in texts, the flags that
/// say where the database and the server are, and where the database is by default.
enum class Front : std::uint8_t { sightline, agentmonitor, devlog };

/// Set once, before any command is declared; constant from then on.
void call_as(Front front, std::string name);
Front front();
/// The name it was called by: `sightline`, `amon`, `agentmonitor`, `devlog`, ...
const std::string& program_name();

/// What the chosen command does once the whole line is read; returns the exit code. A command sets
/// it from its `CLI::App::callback`, with flags kept alive in the closure.
using Action = std::function<int()>;

/// `sightline: WHAT` on standard error, `Error: WHAT` of devlog; the exit code that fits.
int complain(const base::Error& error);

/// Reads `arguments` with `cli` and does what was chosen; returns the exit code.
int run_command(CLI::App& cli, const std::vector<std::string>& arguments, const Action& action);

/// What `--help` prints, with the command's whole name; returns the exit code.
int print_help(const CLI::App& command);

/// A command that is only a part of others' names: alone it prints its help and is done.
CLI::App* add_group(CLI::App& cli, Action& action, const std::string& name,
                    const std::string& what);

/// The command of this name directly below `cli`; null when there is none.
const CLI::App* find_command(const CLI::App& cli, const std::string& name);

std::optional<std::string> environment(const std::string& name);

/// `--claude-dir` and `--codex-dir`, for the commands that read the agents' logs.
void offer_log_places(CLI::App& command, std::string& claude_dir, std::string& codex_dir);
/// Where the logs are, unless these folders are given.
agents::Places log_places(const std::string& claude_dir, const std::string& codex_dir);

/// The flags of a command that set keys of the configuration.
///
/// Of sightline: `--name` for every key. Of agentmonitor: `--db-path`, and `--url` where a server
/// is asked; there AGENTMONITOR_URL comes before the keys host and port.
class ConfigFlags {
 public:
  enum class Offer : std::uint8_t {
    all_keys,
    client_keys,    // what a command needs that talks to the server or reads its database
    listener_keys,  // where a server listens and keeps its data
  };

  explicit ConfigFlags(CLI::App& command, Offer offer = Offer::all_keys);
  ConfigFlags(const ConfigFlags&) = delete;
  base::Result<Config> load() const;

  /// Sets `key` as a flag would.
  void set(const std::string& key, std::string value) { values_[key] = std::move(value); }

 private:
  void offer_keys(CLI::App& command, Offer offer);
  base::Result<void> point_to_server(Config::Flags& given) const;

  Offer offer_;
  std::map<std::string, std::string> values_;
};

/// The server in the foreground until SIGINT or SIGTERM.
int serve(const Config& config);

struct ImportArguments {
  std::string source = "all", from, to, claude_dir, codex_dir;
  bool dry_run = false, force = false, as_json = false;
};
/// Texts and exit codes are those of AgentMonitor's import, which scripts may read.
int import_history(const Config& config, const ImportArguments& given);

int recalculate_costs(const Config& config, monitor::Apply apply, bool as_json);

void add_serve_command(CLI::App& cli, Action& action);
void add_status_command(CLI::App& cli, Action& action);
void add_config_command(CLI::App& cli, Action& action);
void add_import_command(CLI::App& cli, Action& action);
void add_cost_command(CLI::App& cli, Action& action);
void add_usage_command(CLI::App& cli, Action& action);
void add_sessions_command(CLI::App& cli, Action& action);
void add_statusline_command(CLI::App& cli, Action& action);
void add_verify_command(CLI::App& cli, Action& action);
void add_seed_command(CLI::App& cli, Action& action);
void add_hook_command(CLI::App& cli, Action& action);
void add_hooks_command(CLI::App& cli, Action& action);
void add_collect_command(CLI::App& cli, Action& action);
void add_tasks_command(CLI::App& cli, Action& action);
/// `name` is how the command is called.
void add_completion_command(CLI::App& cli, Action& action, const std::string& name);
// Of agentmonitor alone.
void add_health_command(CLI::App& cli, Action& action);
void add_open_command(CLI::App& cli, Action& action);
void add_analytics_command(CLI::App& cli, Action& action);
void add_top_sessions_command(CLI::App& cli, Action& action);

/// The command line of AgentMonitor; `name` is `amon` or `agentmonitor`.
int run_agentmonitor(std::string name, std::vector<std::string> arguments);

/// The command line of the devlog collector; `name` is one of kDevlogNames.
int run_devlog(const std::string& name, const std::vector<std::string>& arguments);
constexpr std::array<std::string_view, 3> kDevlogNames = {"devlog", "devlog-collector",
                                                          "devlog-cli"};

/// Declares every command of sightline, or of devlog if it is called so.
void declare_all(CLI::App& cli, Action& action);
void declare_devlog(CLI::App& cli, Action& action);

}  // namespace app
