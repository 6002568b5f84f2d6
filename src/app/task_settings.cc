#include "task_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/interpolate.h"
#include "base/text.h"
#include "base/ulid.h"
#include "collector/config_tree.h"

namespace app {
namespace {

constexpr std::size_t kMostConnections = 1'000'000;

namespace fs = std::filesystem;
using base::Errc;
using base::Error;
using base::Result;
using collector::ConfigNode;
using Environment = std::function<std::optional<std::string>(const std::string&)>;

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;

Error invalid(std::string text) { return {Errc::invalid_argument, std::move(text)}; }

/// The variable, unless it is empty.
std::optional<std::string> non_empty(const Environment& environment, const std::string& name) {
  auto value = environment(name);
  if (value && value->empty()) value.reset();
  return value;
}

/// The file to read; empty when there is none.
Result<std::string> find_file(const std::string& flag, const Environment& environment) {
  std::error_code ignored;
  if (!flag.empty()) {
    if (fs::is_regular_file(flag, ignored)) return flag;
    return Error{Errc::not_found, fmt::format("no configuration file {}", flag)};
  }
  for (const char* ending : {"ts", "js", "mjs"})
    if (const auto name = fmt::format("taskcast.config.{}", ending);
        fs::is_regular_file(name, ignored))
      base::log::warn("{} is not read: settings are read from YAML and JSON files", name);
  std::vector<fs::path> folders = {"."};
  if (const auto folder = non_empty(environment, "TASKCAST_CONFIG_DIR")) {
    folders.emplace_back(*folder);
  } else if (const auto home = non_empty(environment, "HOME")) {
    folders.push_back(fs::path(*home) / ".taskcast");
  }
  for (const fs::path& folder : folders)
    for (const char* ending : {"yaml", "yml", "json"})
      if (const fs::path path = folder / fmt::format("taskcast.config.{}", ending);
          fs::is_regular_file(path, ignored))
        return path.lexically_normal().string();
  return std::string();
}

void interpolate_texts(ConfigNode& node, const Environment& environment) {
  if (node.kind == ConfigNode::Kind::text || node.kind == ConfigNode::Kind::plain)
    node.text = base::interpolate(node.text, environment);
  for (ConfigNode& item : node.items) interpolate_texts(item, environment);
  for (collector::ConfigMember& member : node.members) interpolate_texts(member.value, environment);
}

Result<ConfigNode> read_file(const std::string& path, const Environment& environment) {
  if (path.empty()) return ConfigNode{};
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes) return invalid(fmt::format("{} is larger than 1 MiB", path));
  const bool is_json = path.ends_with(".json");
  if (!is_json) text = base::interpolate(text, environment);
  auto tree = collector::parse_config(
      text, is_json ? collector::ConfigSyntax::json : collector::ConfigSyntax::yaml);
  if (!tree) return std::move(tree.error()).within(path);
  interpolate_texts(*tree, environment);
  return tree;
}

/// The value at `a.b.c`, if there is one that is not null.
const ConfigNode* find(const ConfigNode& root, std::string_view path) {
  const ConfigNode* node = &root;
  while (!path.empty()) {
    const std::string_view name = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(name.size() + 1, path.size()));
    const ConfigNode* next = nullptr;
    for (const collector::ConfigMember& member : node->members)
      if (member.name == name) next = &member.value;
    if (!next || next->kind == ConfigNode::Kind::null) return nullptr;
    node = next;
  }
  return node;
}

/// Reads values of a tree; the first that is of another kind than wanted is the outcome.
class Reader {
 public:
  explicit Reader(const ConfigNode& root, std::string prefix = {})
      : root_(root), prefix_(std::move(prefix)) {}

  void text(std::string_view path, std::string& into) {
    if (const ConfigNode* node = find(root_, path)) {
      if (is_text(*node)) {
        into = node->text;
      } else {
        expect(path, "a string");
      }
    }
  }

  void truth(std::string_view path, bool& into) {
    const ConfigNode* node = find(root_, path);
    if (!node) return;
    if (node->kind == ConfigNode::Kind::boolean) {
      into = node->truth;
    } else if (node->kind == ConfigNode::Kind::plain &&
               (node->text == "true" || node->text == "false")) {
      into = node->text == "true";
    } else {
      expect(path, "true or false");
    }
  }

  template <class Integer>
  void integer(std::string_view path, Integer& into, Integer least, Integer most) {
    const ConfigNode* node = find(root_, path);
    if (!node) return;
    std::int64_t value = node->integer;
    bool is_number = node->kind == ConfigNode::Kind::integer;
    if (is_text(*node)) {
      const char* const end = node->text.data() + node->text.size();
      is_number = std::from_chars(node->text.data(), end, value).ptr == end && !node->text.empty();
    }
    if (is_number && std::cmp_greater_equal(value, least) && std::cmp_less_equal(value, most)) {
      into = static_cast<Integer>(value);
    } else {
      expect(path, fmt::format("an integer from {} to {}", least, most));
    }
  }

  /// A list of strings, or one.
  void texts(std::string_view path, std::vector<std::string>& into) {
    const ConfigNode* node = find(root_, path);
    if (!node) return;
    into.clear();
    if (is_text(*node)) into.push_back(node->text);
    if (!is_text(*node) && node->kind != ConfigNode::Kind::list) expect(path, "a list of strings");
    for (const ConfigNode& item : node->items) {
      if (!is_text(item)) expect(path, "a list of strings");
      into.push_back(item.text);
    }
  }

  void expect(std::string_view path, std::string_view what) {
    if (outcome_) outcome_ = invalid(fmt::format("{}{} must be {}", prefix_, path, what));
  }
  Result<void> outcome() const { return outcome_; }

 private:
  static bool is_text(const ConfigNode& node) {
    return node.kind == ConfigNode::Kind::text || node.kind == ConfigNode::Kind::plain;
  }

  const ConfigNode& root_;
  const std::string prefix_;
  Result<void> outcome_;
};

Result<void> read_services(const ConfigNode& root, TaskAuthSettings& auth) {
  const ConfigNode* services = find(root, "trustedServices");
  if (!services) return {};
  if (services->kind != ConfigNode::Kind::list) return invalid("trustedServices must be a list");
  for (const ConfigNode& node : services->items) {
    Reader reader(node, fmt::format("trustedServices[{}].", auth.services.size()));
    TaskAuthSettings::Service service;
    std::vector<std::string> ids = {"*"};
    reader.text("name", service.name);
    reader.text("key", service.key);
    reader.texts("taskIds", ids);
    reader.texts("scope", service.scopes);
    if (service.key.empty()) reader.expect("key", "a string that is not empty");
    if (ids != std::vector<std::string>{"*"}) service.task_ids = std::move(ids);
    TRY_OK(reader.outcome());
    auth.services.push_back(std::move(service));
  }
  return {};
}

Result<void> set_mode(const std::string& mode, TaskAuthSettings& auth) {
  if (mode == "none" || mode.empty()) {
    auth.mode = TaskAuthSettings::Mode::none;
  } else if (mode == "jwt") {
    auth.mode = TaskAuthSettings::Mode::jwt;
  } else {
    return invalid(fmt::format("auth.mode must be none or jwt, not \"{}\"", mode));
  }
  return {};
}

Result<void> read_auth(const ConfigNode& root, const Environment& environment,
                       TaskAuthSettings& auth) {
  Reader reader(root);
  std::string mode;
  reader.text("auth.mode", mode);
  reader.text("auth.jwt.algorithm", auth.algorithm);
  reader.text("auth.jwt.secret", auth.secret);
  reader.text("auth.jwt.publicKey", auth.public_key);
  reader.text("auth.jwt.publicKeyFile", auth.public_key_file);
  reader.text("auth.jwt.issuer", auth.issuer);
  reader.text("auth.jwt.audience", auth.audience);
  std::int64_t skew = 0;
  reader.integer<std::int64_t>("auth.jwt.clockSkewSeconds", skew, 0, 3600);
  auth.clock_skew = std::chrono::seconds{skew};
  TRY_OK(reader.outcome());
  if (const auto value = non_empty(environment, "TASKCAST_AUTH_MODE")) mode = *value;
  const auto over = [&](const std::string& name, std::string& into) {
    if (auto value = non_empty(environment, "TASKCAST_JWT_" + name)) {
      into = std::move(*value);
      return true;
    }
    return false;
  };
  over("ALGORITHM", auth.algorithm);
  const bool has_secret = over("SECRET", auth.secret);
  over("ISSUER", auth.issuer);
  over("AUDIENCE", auth.audience);
  // A key of the environment comes before any of the file.
  const bool has_key = over("PUBLIC_KEY", auth.public_key);
  const bool has_file = !has_key && over("PUBLIC_KEY_FILE", auth.public_key_file);
  if (has_file) auth.public_key.clear();
  if ((has_key || has_file) && !has_secret) auth.secret.clear();
  TRY_OK(set_mode(mode, auth));
  return read_services(root, auth);
}

/// Where tasks are kept, by flag, variable, file.
Result<void> read_storage(const ConfigNode& root, const TaskFlags& flags,
                          const Environment& environment, const TaskDefaults& defaults,
                          TaskSettings& settings) {
  Reader reader(root);
  std::string hot, broadcast, cold, url;
  for (const char* path : {"adapters.shortTerm.provider", "adapters.shortTermStore.provider"})
    reader.text(path, hot);
  reader.text("adapters.broadcast.provider", broadcast);
  for (const char* path : {"adapters.longTerm.provider", "adapters.longTermStore.provider"})
    reader.text(path, cold);
  for (const char* path : {"adapters.shortTerm.path", "adapters.longTerm.path",
                           "adapters.shortTermStore.path", "adapters.longTermStore.path"})
    reader.text(path, settings.db_path);
  for (const char* path : {"adapters.broadcast.url", "adapters.shortTermStore.url"})
    reader.text(path, url);
  TRY_OK(reader.outcome());
  if (const auto value = non_empty(environment, "TASKCAST_REDIS_URL")) url = *value;
  std::string mode = !hot.empty() ? hot : broadcast;
  const bool is_sqlite = defaults.storage == TaskSettings::Storage::sqlite;
  if (mode.empty()) mode = !url.empty() ? "redis" : is_sqlite ? "sqlite" : "memory";
  const auto chosen = non_empty(environment, "TASKCAST_STORAGE");
  if (!flags.storage.empty()) {
    mode = flags.storage;
  } else if (chosen) {
    mode = *chosen;
  } else if (!hot.empty() && !broadcast.empty() && hot != broadcast && hot != "sqlite") {
    return invalid("configured short-term and broadcast providers must match");
  }
  if (mode != "memory" && mode != "redis" && mode != "sqlite")
    return invalid(
        fmt::format("invalid storage mode \"{}\"; expected memory, redis, or sqlite", mode));
  const bool has_postgres = non_empty(environment, "TASKCAST_POSTGRES_URL") || cold == "postgres";
  if (mode == "redis" || (has_postgres && mode != "sqlite"))
    return invalid(fmt::format("{} is not supported yet; --storage memory and sqlite are",
                               mode == "redis" ? "storage mode redis" : "PostgreSQL"));
  settings.storage =
      mode == "sqlite" ? TaskSettings::Storage::sqlite : TaskSettings::Storage::memory;
  if (const auto value = non_empty(environment, "TASKCAST_SQLITE_PATH")) settings.db_path = *value;
  if (!flags.db_path.empty()) settings.db_path = flags.db_path;
  if (settings.db_path == ":memory:" && settings.storage == TaskSettings::Storage::sqlite)
    return invalid("the SQLite store needs a file; --storage memory keeps tasks in memory");
  return {};
}

/// The variable, or else the file.
Result<void> read_log_level(const ConfigNode& root, const Environment& environment,
                            base::log::Level& level) {
  constexpr std::string_view kExpected = "expected debug, info, warn, or error";
  std::string text, source = "logLevel";
  Reader reader(root);
  reader.text("logLevel", text);
  TRY_OK(reader.outcome());
  if (const auto value = non_empty(environment, "TASKCAST_LOG_LEVEL")) {
    text = *value;
    source = "TASKCAST_LOG_LEVEL";
  }
  if (text.empty()) return {};
  using base::log::Level;
  constexpr std::pair<std::string_view, Level> kLevels[] = {{"debug", Level::debug},
                                                            {"info", Level::info},
                                                            {"warn", Level::warn},
                                                            {"error", Level::error}};
  for (const auto& [name, each] : kLevels)
    if (base::iequals(base::trim(text), name)) {
      level = each;
      return {};
    }
  return invalid(fmt::format("invalid {} \"{}\"; {}", source, text, kExpected));
}

}  // namespace

Result<TaskSettings> load_task_settings(const TaskFlags& flags, const Environment& environment,
                                        const TaskDefaults& defaults) {
  TaskSettings settings;
  settings.db_path = defaults.db_path;
  TRY(settings.path, find_file(flags.config, environment));
  TRY(const ConfigNode root, read_file(settings.path, environment));
  Reader reader(root);
  reader.text("host", settings.host);
  reader.integer<std::uint16_t>("port", settings.port, 0, 65535);
  reader.integer<std::size_t>("maxConnections", settings.max_connections, 1, kMostConnections);
  reader.truth("adminApi", settings.has_admin_api);
  reader.text("adminToken", settings.admin_token);
  reader.texts("cors.origins", settings.cors_origins);
  reader.texts("allowHosts", settings.allowed_hosts);
  reader.integer<std::size_t>("maxBodyBytes", settings.max_body_bytes, 1024, std::size_t{1} << 30);
  reader.truth("resumeByLastEventId", settings.resumes_by_header);
  TRY_OK(reader.outcome());
  TRY_OK(read_storage(root, flags, environment, defaults, settings));
  TRY_OK(read_auth(root, environment, settings.auth));
  TRY_OK(read_log_level(root, environment, settings.log_level));
  if (!flags.host.empty()) settings.host = flags.host;
  settings.allowed_hosts.insert(settings.allowed_hosts.end(), flags.allowed_hosts.begin(),
                                flags.allowed_hosts.end());
  settings.cors_origins.insert(settings.cors_origins.end(), flags.allowed_origins.begin(),
                               flags.allowed_origins.end());
  settings.resumes_by_header |= flags.resumes_by_header;
  if (flags.max_connections) settings.max_connections = *flags.max_connections;
  if (flags.port) settings.port = *flags.port;
  if (settings.has_admin_api && settings.admin_token.empty()) {
    settings.admin_token = base::UlidGenerator().next();
    settings.has_made_admin_token = true;
  }
  return settings;
}

}  // namespace app
