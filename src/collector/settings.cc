#include "collector/settings.h"

#include <fmt/format.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/interpolate.h"
#include "base/text.h"
#include "collector/config_tree.h"

namespace collector {
namespace {

namespace fs = std::filesystem;
using base::Errc;
using base::Error;
using base::Result;
using Kind = ConfigNode::Kind;

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;

/// What to do with the members of a map, by their names.
struct Key {
  std::string_view name;
  std::function<Result<void>(const ConfigNode& node, const std::string& path)> apply;
};

Error mismatch(const std::string& path, const ConfigNode& node, std::string_view wanted) {
  return {Errc::invalid_argument,
          fmt::format("{} must be {}, not {}", path.empty() ? "the file" : path, wanted,
                      name(node.kind))};
}

/// Every member whose key is known, in the order of the file, so that the last one counts. A null
/// leaves what was there.
Result<void> apply_members(const ConfigNode& node, const std::string& path,
                           const std::vector<Key>& keys) {
  if (node.kind == Kind::null) return {};
  if (node.kind != Kind::map) return mismatch(path, node, "an object");
  for (const auto& [member, value] : node.members)
    for (const Key& key : keys)
      if (base::iequals(key.name, member) && value.kind != Kind::null)
        TRY_OK(key.apply(
            value, path.empty() ? std::string(key.name) : fmt::format("{}.{}", path, key.name)));
  return {};
}

Key text_key(std::string_view name, std::string& into) {
  return {name, [&into](const ConfigNode& node, const std::string& path) -> Result<void> {
            if (node.kind != Kind::text && node.kind != Kind::plain)
              return mismatch(path, node, "a string");
            into = node.text;
            return {};
          }};
}

Key integer_key(std::string_view name, std::int64_t& into) {
  return {name, [&into](const ConfigNode& node, const std::string& path) -> Result<void> {
            if (node.kind == Kind::integer) {
              into = node.integer;
              return {};
            }
            const std::string_view digits =
                std::string_view(node.text).substr(node.text.starts_with('-') ? 1 : 0);
            const bool is_number = node.kind == Kind::plain && !digits.empty() &&
                                   digits.size() <= 18 &&
                                   digits.find_first_not_of("0123456789") == digits.npos;
            if (!is_number) return mismatch(path, node, "a whole number");
            into = base::parse_leading_int(node.text).value_or(0);
            return {};
          }};
}

Key truth_key(std::string_view name, bool& into) {
  return {name, [&into](const ConfigNode& node, const std::string& path) -> Result<void> {
            const std::string text = node.kind == Kind::plain ? base::to_lower(node.text) : "";
            if (node.kind != Kind::boolean && text != "true" && text != "false")
              return mismatch(path, node, "true or false");
            into = node.kind == Kind::boolean ? node.truth : text == "true";
            return {};
          }};
}

/// A word that stands for one of `choices`; another one is set aside with a warning.
template <class Enum>
Key choice_key(std::string_view name, Enum& into,
               std::vector<std::pair<std::string_view, Enum>> choices,
               std::vector<std::string>& warnings) {
  return {name,
          [&into, &warnings, choices = std::move(choices)](
              const ConfigNode& node, const std::string& path) -> Result<void> {
            if (node.kind != Kind::text && node.kind != Kind::plain)
              return mismatch(path, node, "a string");
            for (const auto& [word, value] : choices) {
              if (word != node.text) continue;
              into = value;
              return {};
            }
            warnings.push_back(fmt::format("{} \"{}\" is unknown; \"{}\" is used", path, node.text,
                                           choices.front().first));
            into = choices.front().second;
            return {};
          }};
}

Result<void> apply_fields(const ConfigNode& node, const std::string& path,
                          agents::FieldNames& fields) {
  if (node.kind != Kind::map) return mismatch(path, node, "an object");
  for (const auto& [target, sources] : node.members) {
    std::vector<std::string>& names = fields[target];
    names.clear();
    if (sources.kind == Kind::text || sources.kind == Kind::plain) names.push_back(sources.text);
    for (const ConfigNode& source : sources.items) {
      if (source.kind != Kind::text && source.kind != Kind::plain)
        return mismatch(fmt::format("{}.{}", path, target), source, "a name or a list of names");
      names.push_back(source.text);
    }
    if (names.empty())
      return mismatch(fmt::format("{}.{}", path, target), sources, "a name or a list of names");
  }
  return {};
}

/// An agent that is mentioned is what its entry says and nothing else.
Result<void> apply_agents(const ConfigNode& node, const std::string& path, Settings& settings) {
  if (node.kind != Kind::map) return mismatch(path, node, "an object");
  for (const auto& [agent_name, entry] : node.members) {
    Settings::Agent agent;
    agent.log_path.clear();
    const std::vector<Key> keys = {
        truth_key("enabled", agent.enabled),
        text_key("logPath", agent.log_path),
        {"fields", [&agent](const ConfigNode& fields, const std::string& at) {
           return apply_fields(fields, at, agent.fields);
         }}};
    if (entry.kind == Kind::null) continue;
    TRY_OK(apply_members(entry, fmt::format("{}.{}", path, agent_name), keys));
    settings.agents.insert_or_assign(agent_name, std::move(agent));
  }
  return {};
}

Key section(std::string_view name, std::vector<Key> keys) {
  return {name, [keys = std::move(keys)](const ConfigNode& node, const std::string& path) {
            return apply_members(node, path, keys);
          }};
}

Result<void> apply_file(const ConfigNode& root, Settings& s) {
  using Protocol = Settings::Protocol;
  using Compression = Settings::Compression;
  const std::vector<Key> keys = {
      text_key("version", s.version),
      text_key("backendUrl", s.backend_url),
      text_key("apiKey", s.api_key),
      text_key("projectId", s.project_id),
      section(
          "collection",
          {integer_key("batchSize", s.batch_size), text_key("batchInterval", s.batch_interval_text),
           integer_key("maxRetries", s.max_retries),
           choice_key<Backoff>("retryBackoff", s.retry_backoff,
                               {{"exponential", Backoff::exponential},
                                {"linear", Backoff::linear},
                                {"fixed", Backoff::fixed}},
                               s.warnings),
           choice_key<Protocol>("protocol", s.protocol,
                                {{"array", Protocol::array}, {"legacy", Protocol::legacy}},
                                s.warnings),
           choice_key<Compression>("compression", s.compression,
                                   {{"auto", Compression::automatic},
                                    {"gzip", Compression::gzip},
                                    {"none", Compression::none}},
                                   s.warnings)}),
      section("buffer",
              {truth_key("enabled", s.buffer_enabled), integer_key("maxSize", s.buffer_max_size),
               text_key("dbPath", s.buffer_path)}),
      section("backfill", {text_key("dbPath", s.backfill_path)}),
      {"agents", [&s](const ConfigNode& node,
                      const std::string& path) { return apply_agents(node, path, s); }},
      section("logging", {text_key("level", s.log_level), text_key("file", s.log_file)}),
      section("sync", {integer_key("initial_sync_days", s.initial_sync_days),
                       truth_key("historical_sync", s.historical_sync),
                       integer_key("sync_batch_size", s.sync_batch_size),
                       truth_key("background_sync", s.background_sync)}),
      section("server", {integer_key("port", s.server_port), text_key("bind", s.server_bind),
                         text_key("pingInterval", s.server_ping_interval_text)})};
  return apply_members(root, "", keys);
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

Settings defaults(const DefaultPaths& paths) {
  Settings settings;
  settings.buffer_path = paths.buffer;
  settings.log_file = paths.log;
  for (const char* agent : {"copilot", "claude", "cursor"}) settings.agents[agent] = {};
  return settings;
}

/// Nothing when there is no such file.
Result<std::optional<std::string>> read_file(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) return std::optional<std::string>{};
  if (fs::is_directory(status))
    return Error{Errc::invalid_argument,
                 fmt::format("failed to read config file: {} is a directory", path)};
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return Error{Errc::not_found,
                 fmt::format("failed to read config file: {}: {}", path, std::strerror(errno))};
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes)
    return Error{Errc::invalid_argument,
                 fmt::format("failed to read config file: {} is larger than 1 MiB", path)};
  return std::optional(std::move(text));
}

void apply_environment(Settings& settings, const Environment& environment) {
  const auto override_with = [&](const char* variable, std::string& value) {
    if (auto given = environment(variable); given && !given->empty()) value = std::move(*given);
  };
  override_with("DEVLOG_BACKEND_URL", settings.backend_url);
  override_with("DEVLOG_API_KEY", settings.api_key);
  override_with("DEVLOG_PROJECT_ID", settings.project_id);
  override_with("DEVLOG_DB_PATH", settings.buffer_path);
}

/// Why `text` is no interval; else the interval.
Result<std::chrono::milliseconds> parse_interval(const std::string& text) {
  TRY(const auto interval, parse_duration(text));
  if (interval.count() <= 0)
    return Error{Errc::invalid_argument,
                 fmt::format("time: duration \"{}\" is not positive", text)};
  return std::chrono::ceil<std::chrono::milliseconds>(interval);
}

}  // namespace

std::int64_t Settings::numeric_project_id() const {
  const bool is_number = !project_id.empty() && project_id.size() <= 18 &&
                         project_id.find_first_not_of("0123456789") == project_id.npos;
  const std::int64_t id = is_number ? base::parse_leading_int(project_id).value_or(0) : 0;
  return id > 0 ? id : 1;
}

std::string expand_path(std::string_view path, const Environment& environment) {
  std::string out;
  if (path.starts_with("~/")) {
    out = environment("HOME").value_or("");
    path.remove_prefix(1);
  }
  while (!path.empty()) {
    const std::size_t dollar = std::min(path.find('$'), path.size());
    out += path.substr(0, dollar);
    path.remove_prefix(dollar);
    if (path.empty()) break;
    const bool braced = path.starts_with("${") && path.find('}') != path.npos;
    std::size_t end = braced ? path.find('}') : 1;
    while (!braced && end < path.size() && is_name_character(path[end])) ++end;
    const std::string_view variable = braced ? path.substr(2, end - 2) : path.substr(1, end - 1);
    if (variable.empty())
      out += path.substr(0, braced ? end + 1 : end);
    else
      out += environment(std::string(variable)).value_or("");
    path.remove_prefix(braced ? end + 1 : end);
  }
  return out;
}

std::string settings_path(std::string_view flag, const Environment& environment) {
  std::string path(flag);
  if (path.empty()) path = environment("DEVLOG_CONFIG").value_or("");
  if (path.empty()) path = "~/.devlog/collector.json";
  return expand_path(path, environment);
}

std::string problem(const Settings& s) {
  if (s.version.empty()) return "version is required";
  if (s.backend_url.empty()) return "backendUrl is required";
  if (!s.backend_url.starts_with("http://") && !s.backend_url.starts_with("https://"))
    return "backendUrl must start with http:// or https://";
  if (s.api_key.empty()) return "apiKey is required";
  if (s.project_id.empty()) return "projectId is required";
  if (s.batch_size < 1 || s.batch_size > 1000)
    return "collection.batchSize must be between 1 and 1000";
  if (const auto interval = parse_interval(s.batch_interval_text); !interval)
    return fmt::format("collection.batchInterval is invalid: {}", interval.error().what);
  if (s.max_retries < 0 || s.max_retries > 10)
    return "collection.maxRetries must be between 0 and 10";
  if (s.buffer_max_size < 100 || s.buffer_max_size > 100000)
    return "buffer.maxSize must be between 100 and 100000";
  if (s.log_level != "debug" && s.log_level != "info" && s.log_level != "warn" &&
      s.log_level != "error")
    return "logging.level must be one of: debug, info, warn, error";
  if (s.initial_sync_days < 0) return "sync.initial_sync_days must not be negative";
  if (s.sync_batch_size < 1 || s.sync_batch_size > 1000)
    return "sync.sync_batch_size must be between 1 and 1000";
  if (s.server_port < 0 || s.server_port > 65535) return "server.port must be between 0 and 65535";
  if (const auto interval = parse_interval(s.server_ping_interval_text); !interval)
    return fmt::format("server.pingInterval is invalid: {}", interval.error().what);
  return {};
}

Result<Settings> load_settings(const std::string& path, const Environment& environment,
                               const DefaultPaths& paths) {
  TRY(const auto text, read_file(path));
  return parse_settings(text, path, environment, paths);
}

Result<Settings> parse_settings(const std::optional<std::string>& text, std::string_view path,
                                const Environment& environment, const DefaultPaths& paths) {
  Settings settings = defaults(paths);
  if (text) {
    auto tree = parse_config(*text, syntax_of(path));
    auto applied = tree ? apply_file(*tree, settings) : Result<void>(std::move(tree.error()));
    if (!applied) return std::move(applied.error()).within("failed to parse config file");
    const auto unless_empty = [&environment](const std::string& name) {
      auto value = environment(name);
      if (value && value->empty()) value.reset();
      return value;
    };
    for (std::string* field : {&settings.backend_url, &settings.api_key, &settings.project_id})
      *field = base::interpolate(*field, unless_empty);
  }
  apply_environment(settings, environment);
  for (std::string* field : {&settings.buffer_path, &settings.backfill_path, &settings.log_file})
    *field = expand_path(*field, environment);

  Settings checked = settings;
  if (!text && checked.api_key.empty()) checked.api_key = "not needed without a file";
  if (std::string why = problem(checked); !why.empty())
    return Error{Errc::invalid_argument, fmt::format("invalid configuration: {}", why)};
  TRY(settings.batch_interval, parse_interval(settings.batch_interval_text));
  TRY(settings.server_ping_interval, parse_interval(settings.server_ping_interval_text));
  return settings;
}

}  // namespace collector
