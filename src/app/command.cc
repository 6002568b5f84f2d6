#include "command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <cstdlib>

namespace app {
namespace {

// What a command needs that talks to the server or reads its database.
constexpr std::array<std::string_view, 4> kClientKeys = {"host", "port", "db", "token"};

bool is_offered(const ConfigKey& key, ConfigFlags::Offer offer) {
  return offer == ConfigFlags::Offer::all_keys ||
         std::find(kClientKeys.begin(), kClientKeys.end(), key.name) != kClientKeys.end();
}

}  // namespace

int complain(const base::Error& error) {
  std::fprintf(stderr, "sightline: %s\n", error.what.c_str());
  return error.code == base::Errc::invalid_argument ? kWrongUsage : kFailed;
}

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

ConfigFlags::ConfigFlags(CLI::App& command, Offer offer) {
  command.add_option("--config", values_["config"],
                     "configuration file; default config.yaml in $XDG_CONFIG_HOME/sightline");
  for (const ConfigKey& key : config_keys()) {
    if (!is_offered(key, offer)) continue;
    std::string& value = values_[std::string(key.name)];
    std::string what = fmt::format("{} [{}]", key.what, key.variable);
    const std::string flag = fmt::format("--{}", key.name);
    if (key.kind == KeyKind::boolean) {
      command.add_flag_callback(
          flag, [&value] { value = "true"; }, what);
    } else {
      CLI::Option* option = command.add_option(flag, value, what);
      if (!key.default_value.empty()) option->default_str(std::string(key.default_value));
    }
  }
}

base::Result<Config> ConfigFlags::load() const {
  Config::Flags given;
  for (const auto& [name, value] : values_)
    if (!value.empty()) given[name] = value;
  return Config::load(given, environment);
}

}  // namespace app
