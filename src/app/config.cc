#include "app/config.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/assert.h"
#include "base/text.h"

namespace app {
namespace {

namespace fs = std::filesystem;
using base::Errc;
using base::Error;
using base::Result;

constexpr ConfigKey kKeys[] = {
    {"host", "AGENTMONITOR_HOST", KeyKind::text, "127.0.0.1", 0, "", "address to listen on"},
    {"port", "AGENTMONITOR_PORT", KeyKind::integer, "3141", 1, "",
     "port to listen on; --port 0 lets the system choose"},
    {"db", "AGENTMONITOR_DB_PATH", KeyKind::path, "", 0, "",
     "database file; default monitor.db in $XDG_DATA_HOME/sightline"},
    {"ui-dir", "AGENTMONITOR_UI_DIR", KeyKind::path, "", 0, "",
     "folder with a web page to serve instead of the built-in one"},
    {"projects-dir", "AGENTMONITOR_PROJECTS_DIR", KeyKind::path, "", 0, "",
     "folder of project checkouts, to look up git branches; default the parent of the AgentMonitor "
     "checkout around the working directory, else the working directory"},
    {"prices", "SIGHTLINE_PRICES", KeyKind::path, "", 0, "",
     "prices that replace or add to the built-in ones; default prices.csv in "
     "$XDG_CONFIG_HOME/sightline"},
    {"io-threads", "SIGHTLINE_IO_THREADS", KeyKind::integer, "", 1, "",
     "threads for connections; default the number of cores, at most 4"},
    {"durability", "SIGHTLINE_DURABILITY", KeyKind::choice, "full", 0, "full|process",
     "what an acknowledged event survives: full = power loss, process = the end of the process"},
    {"token", "SIGHTLINE_TOKEN", KeyKind::secret, "", 0, "",
     "bearer token that every request must carry; needed to listen beyond loopback"},
    {"insecure", "SIGHTLINE_INSECURE", KeyKind::boolean, "false", 0, "",
     "listen beyond loopback without a token"},
    {"allow-host", "SIGHTLINE_ALLOW_HOST", KeyKind::list, "", 0, "",
     "further names that a Host header may carry, separated by commas"},
    {"allow-origin", "SIGHTLINE_ALLOW_ORIGIN", KeyKind::list, "", 0, "",
     "origins of other web pages that may read and write, separated by commas"},
    {"max-connections", "SIGHTLINE_MAX_CONNECTIONS", KeyKind::integer, "20000", 1, "",
     "open connections; one more is answered with 503"},
    {"log-level", "SIGHTLINE_LOG_LEVEL", KeyKind::choice, "info", 0, "debug|info|warn|error|off",
     "the least important log lines to write"},
    {"max-payload-kb", "AGENTMONITOR_MAX_PAYLOAD_KB", KeyKind::integer, "10", 0, "",
     "limit of an event's metadata in KiB; larger metadata keeps its key fields"},
    {"session-timeout", "AGENTMONITOR_SESSION_TIMEOUT", KeyKind::integer, "5", 1, "",
     "minutes without an event after which a session is idle; ended after twice this"},
    {"stats-interval", "AGENTMONITOR_STATS_INTERVAL", KeyKind::integer, "5000", 250, "",
     "milliseconds between statistics on the stream"},
    {"max-sse-clients", "AGENTMONITOR_MAX_SSE_CLIENTS", KeyKind::integer, "1000", 1, "",
     "clients of the stream; one more is answered with 503"},
    {"sse-heartbeat", "AGENTMONITOR_SSE_HEARTBEAT_MS", KeyKind::integer, "15000", 1000, "",
     "milliseconds between heartbeats on the stream"},
    {"auto-import", "AGENTMONITOR_AUTO_IMPORT_MINUTES", KeyKind::integer, "10", 0, "",
     "minutes between imports, 0: none; sets how recent an imported event must be to count as "
     "live"},
    {"collect", "SIGHTLINE_COLLECT", KeyKind::boolean, "true", 0, "",
     "follow the logs of this machine's agents; false for agentmonitor"},
    {"tasks", "SIGHTLINE_TASKS", KeyKind::boolean, "true", 0, "",
     "keep tasks and stream their events; false for agentmonitor"},
    {"session-window-hours", "AGENTMONITOR_SESSION_WINDOW_HOURS", KeyKind::integer, "5", 1, "",
     "hours of the usage monitor's session window"},
    {"session-window-hours-claude-code", "AGENTMONITOR_SESSION_WINDOW_HOURS_CLAUDE_CODE",
     KeyKind::integer, "", 1, "", "the same for Claude Code; default session-window-hours"},
    {"session-token-limit-claude-code", "AGENTMONITOR_SESSION_TOKEN_LIMIT_CLAUDE_CODE",
     KeyKind::integer, "44000", 0, "", "tokens a session window allows Claude Code; 0: no limit"},
    {"extended-window-hours-claude-code", "AGENTMONITOR_EXTENDED_WINDOW_HOURS_CLAUDE_CODE",
     KeyKind::integer, "24", 1, "", "hours of Claude Code's extended window"},
    {"extended-token-limit-claude-code", "AGENTMONITOR_EXTENDED_TOKEN_LIMIT_CLAUDE_CODE",
     KeyKind::integer, "0", 0, "", "tokens it allows"},
    {"weekly-window-hours-claude-code", "AGENTMONITOR_WEEKLY_WINDOW_HOURS_CLAUDE_CODE",
     KeyKind::integer, "168", 1, "", "hours of Claude Code's weekly window"},
    {"weekly-token-limit-claude-code", "AGENTMONITOR_WEEKLY_TOKEN_LIMIT_CLAUDE_CODE",
     KeyKind::integer, "293000", 0, "", "tokens it allows"},
    {"session-window-hours-codex", "AGENTMONITOR_SESSION_WINDOW_HOURS_CODEX", KeyKind::integer, "",
     1, "", "hours of Codex' session window; default session-window-hours"},
    {"session-cost-limit-codex", "AGENTMONITOR_SESSION_COST_LIMIT_CODEX", KeyKind::real, "500", 0,
     "", "US dollars it allows; 0: no limit"},
    {"extended-window-hours-codex", "AGENTMONITOR_EXTENDED_WINDOW_HOURS_CODEX", KeyKind::integer,
     "168", 1, "", "hours of Codex' extended window"},
    {"extended-cost-limit-codex", "AGENTMONITOR_EXTENDED_COST_LIMIT_CODEX", KeyKind::real, "1500",
     0, "", "US dollars it allows"},
};

const ConfigKey* find_key(std::string_view name) {
  const auto found = std::find_if(std::begin(kKeys), std::end(kKeys),
                                  [&](const ConfigKey& key) { return key.name == name; });
  return found == std::end(kKeys) ? nullptr : &*found;
}

bool is_whole_number(std::string_view text) {
  const bool has_sign = text.starts_with('-') || text.starts_with('+');
  return base::parse_leading_int(text) &&
         text.find_first_not_of("0123456789", has_sign ? 1 : 0) == text.npos;
}

/// The number that `text` begins with; `is_whole` tells whether nothing stands behind it.
std::optional<double> parse_real(const std::string& text, bool* is_whole = nullptr) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || !std::isfinite(value)) return std::nullopt;
  if (is_whole) *is_whole = *end == '\0';
  return value;
}

/// What is wrong with `text` as a value of `key`; empty when nothing is.
std::string problem(const ConfigKey& key, const std::string& text) {
  switch (key.kind) {
    case KeyKind::integer: {
      const bool any_port = key.name == "port" && text == "0";
      if (!is_whole_number(text) ||
          (static_cast<double>(*base::parse_leading_int(text)) < key.minimum && !any_port))
        return fmt::format("must be a whole number of at least {}", key.minimum);
      if (key.name == "port" && *base::parse_leading_int(text) > 65535)
        return "must be a port of at most 65535";
      return {};
    }
    case KeyKind::real: {
      bool is_whole = false;
      const auto value = parse_real(text, &is_whole);
      if (!value || !is_whole || *value < key.minimum)
        return fmt::format("must be a number of at least {}", key.minimum);
      return {};
    }
    case KeyKind::boolean:
      return text == "true" || text == "false" ? "" : "must be true or false";
    case KeyKind::choice: {
      const std::string padded = fmt::format("|{}|", key.choices);
      const bool is_one = !text.empty() && text.find('|') == text.npos;
      const bool known = is_one && padded.find(fmt::format("|{}|", text)) != padded.npos;
      return known ? "" : fmt::format("must be one of {}", key.choices);
    }
    default:
      return {};
  }
}

Error refusal(std::string_view where, const ConfigKey& key, const std::string& text) {
  return {Errc::invalid_argument, fmt::format("{}: \"{}\" {}", where, text, problem(key, text))};
}

/// As AgentMonitor reads its variables: leading digits count, and what is unusable is not set.
std::optional<std::string> lenient(const ConfigKey& key, const std::string& text) {
  if (key.kind == KeyKind::integer) {
    const auto value = base::parse_leading_int(text);
    if (!value || static_cast<double>(*value) < key.minimum) return std::nullopt;
    if (key.name == "port" && *value > 65535) return std::nullopt;
    return std::to_string(*value);
  }
  if (key.kind == KeyKind::real) {
    const auto value = parse_real(text);
    if (!value || *value < key.minimum) return std::nullopt;
    return fmt::format("{}", *value);
  }
  return text;
}

std::string home_of(const Config::Lookup& environment) { return environment("HOME").value_or("."); }

std::string xdg(const Config::Lookup& environment, const std::string& variable,
                std::string_view below_home) {
  const auto set = environment(variable);
  const fs::path base =
      set && !set->empty() ? fs::path(*set) : fs::path(home_of(environment)) / below_home;
  return (base / "sightline").string();
}

/// The parent of the nearest folder above the working directory that is an AgentMonitor checkout.
std::string default_projects_dir() {
  std::error_code error;
  const fs::path start = fs::current_path(error);
  for (fs::path folder = start; !error; folder = folder.parent_path()) {
    const fs::path package = folder / "package.json";
    if (fs::is_regular_file(package, error)) {
      try {
        const YAML::Node node = YAML::LoadFile(package.string());
        if (node["name"] && node["name"].as<std::string>("") == "agentmonitor")
          return folder.parent_path().string();
      } catch (const YAML::Exception&) {
        // Some other package: the search goes on.
      }
    }
    if (!folder.has_relative_path()) break;
  }
  return start.string();
}

std::string derived_default(const ConfigKey& key, const Config::Lookup& environment) {
  if (key.name == "db")
    return (fs::path(xdg(environment, "XDG_DATA_HOME", ".local/share")) / "monitor.db").string();
  if (key.name == "prices")
    return (fs::path(xdg(environment, "XDG_CONFIG_HOME", ".config")) / "prices.csv").string();
  if (key.name == "projects-dir") return default_projects_dir();
  if (key.name == "io-threads")
    return std::to_string(std::clamp(std::thread::hardware_concurrency(), 1u, 4u));
  return std::string(key.default_value);
}

std::string scalar_text(const YAML::Node& node) {
  if (!node.IsSequence()) return node.as<std::string>("");
  std::string joined;
  for (const YAML::Node& item : node)
    joined += (joined.empty() ? "" : ",") + item.as<std::string>("");
  return joined;
}

Result<std::map<std::string, std::string>> read_file(const std::string& path) {
  std::map<std::string, std::string> values;
  YAML::Node root;
  try {
    root = YAML::LoadFile(path);
  } catch (const YAML::Exception& e) {
    return Error{Errc::invalid_argument, fmt::format("configuration file {}: {}", path, e.what())};
  }
  if (root.IsNull()) return values;
  if (!root.IsMap())
    return Error{Errc::invalid_argument,
                 fmt::format("configuration file {}: must hold `name: value` lines", path)};
  for (const auto& entry : root) {
    const std::string name = entry.first.as<std::string>("");
    if (!find_key(name)) {
      std::vector<std::string_view> names;
      for (const ConfigKey& key : kKeys) names.push_back(key.name);
      const std::string_view meant = base::nearest(name, names);
      return Error{Errc::invalid_argument,
                   fmt::format("configuration file {}: unknown key \"{}\"{}", path, name,
                               meant.empty() ? std::string()
                                             : fmt::format("; did you mean \"{}\"?", meant))};
    }
    if (entry.second.IsMap())
      return Error{Errc::invalid_argument,
                   fmt::format("configuration file {}: {}: must be one value, or a list of them",
                               path, name)};
    // `name:` with nothing behind it sets nothing.
    if (!entry.second.IsNull()) values[name] = scalar_text(entry.second);
  }
  return values;
}

}  // namespace

std::span<const ConfigKey> config_keys() { return kKeys; }

Result<Config> Config::load(const Flags& flags, const Lookup& environment, const Flags& defaults) {
  Config config;
  const auto given_file = flags.find("config");
  const std::string path =
      given_file != flags.end()
          ? given_file->second
          : (fs::path(xdg(environment, "XDG_CONFIG_HOME", ".config")) / "config.yaml").string();
  std::map<std::string, std::string> file;
  std::error_code ignored;
  if (given_file != flags.end() || fs::exists(path, ignored)) {
    TRY(file, read_file(path));
  }
  for (const ConfigKey& key : kKeys) {
    ConfigValue& value = config.values_[std::string(key.name)];
    const auto other = defaults.find(std::string(key.name));
    value = {other != defaults.end() ? other->second : derived_default(key, environment),
             "default"};
    if (const auto found = file.find(std::string(key.name)); found != file.end()) {
      if (!problem(key, found->second).empty())
        return refusal(fmt::format("configuration file {}: {}", path, key.name), key,
                       found->second);
      value = {found->second, "file " + path};
    }
    if (const auto found = environment(std::string(key.variable)); found && !found->empty()) {
      const bool original = key.variable.starts_with("AGENTMONITOR_");
      if (!original && !problem(key, *found).empty()) return refusal(key.variable, key, *found);
      if (const auto usable = original ? lenient(key, *found) : found)
        value = {*usable, fmt::format("environment {}", key.variable)};
    }
    if (const auto found = flags.find(std::string(key.name)); found != flags.end()) {
      if (!problem(key, found->second).empty())
        return refusal(fmt::format("--{}", key.name), key, found->second);
      value = {found->second, fmt::format("flag --{}", key.name)};
    }
  }
  for (const char* of : {"session-window-hours-claude-code", "session-window-hours-codex"})
    if (config.values_[of].text.empty())
      config.values_[of].text = config.text("session-window-hours");
  return config;
}

const ConfigValue& Config::at(std::string_view name) const {
  const auto found = values_.find(name);
  ASSERT(found != values_.end());
  return found->second;
}

std::int64_t Config::integer(std::string_view name) const {
  return base::parse_leading_int(text(name)).value_or(0);
}

double Config::real(std::string_view name) const { return parse_real(text(name)).value_or(0); }

std::vector<std::string> Config::list(std::string_view name) const {
  std::vector<std::string> items;
  std::string_view rest = text(name);
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    if (const auto item = base::trim(rest.substr(0, comma)); !item.empty())
      items.emplace_back(item);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return items;
}

monitor::Settings Config::monitor_settings() const {
  monitor::Settings s;
  s.max_metadata_bytes = static_cast<std::size_t>(integer("max-payload-kb")) * 1024;
  s.session_timeout = std::chrono::minutes{integer("session-timeout")};
  s.stats_interval = std::chrono::milliseconds{integer("stats-interval")};
  s.heartbeat = std::chrono::milliseconds{integer("sse-heartbeat")};
  s.max_stream_clients = static_cast<std::size_t>(integer("max-sse-clients"));
  s.auto_import_interval = std::chrono::minutes{integer("auto-import")};
  s.projects_dir = text("projects-dir");
  const auto hours = [this](std::string_view name) { return static_cast<int>(integer(name)); };
  s.claude_code = {
      hours("session-window-hours-claude-code"),  real("session-token-limit-claude-code"),
      hours("extended-window-hours-claude-code"), real("extended-token-limit-claude-code"),
      hours("weekly-window-hours-claude-code"),   real("weekly-token-limit-claude-code")};
  s.codex = {hours("session-window-hours-codex"),
             real("session-cost-limit-codex"),
             hours("extended-window-hours-codex"),
             real("extended-cost-limit-codex"),
             168,
             0};
  return s;
}

}  // namespace app
