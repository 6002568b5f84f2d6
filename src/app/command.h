#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "app/config.h"
#include "base/result.h"

namespace CLI {
class App;
}

/// What the commands of the command line share. Each command is one `<name>_command.cc` with an
/// `add_<name>_command`, which declares its flags and says what to do when it is chosen.
namespace app {

constexpr int kDone = 0, kFailed = 1, kWrongUsage = 2;

/// What the chosen command does once the whole line is read; returns the exit code. A command sets
/// it from its `CLI::App::callback`, with flags kept alive in the closure.
using Action = std::function<int()>;

/// `sightline: WHAT` on standard error; the exit code that fits.
int complain(const base::Error& error);

std::optional<std::string> environment(const std::string& name);

/// `--name` for every key of the configuration.
class ConfigFlags {
 public:
  enum class Offer { all_keys, client_keys };  // client: config, db, host, port, token

  explicit ConfigFlags(CLI::App& command, Offer offer = Offer::all_keys);
  ConfigFlags(const ConfigFlags&) = delete;
  base::Result<Config> load() const;

 private:
  std::map<std::string, std::string> values_;
};

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

}  // namespace app
