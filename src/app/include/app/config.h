#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "monitor/settings.h"

namespace app {

/// What kind of value a key takes, and so how it is read and shown.
enum class KeyKind { text, path, integer, real, boolean, list, choice, secret };

/// One thing that can be set: by `--name`, by a variable, by `name:` in the configuration file.
struct ConfigKey {
  std::string_view name;
  std::string_view variable;
  KeyKind kind;
  std::string_view default_value;  // empty: derived, see `what`
  double minimum;                  // of integers and reals
  std::string_view choices;        // of a choice, separated by |
  std::string_view what;           // for --help and docs/configuration.md
};

std::span<const ConfigKey> config_keys();

/// A value and where it came from: "default", "environment NAME", "flag --NAME", "file PATH".
struct ConfigValue {
  std::string text;
  std::string origin;
};

/// All values, resolved: flags over environment over file over defaults.
class Config {
 public:
  using Lookup = std::function<std::optional<std::string>(const std::string&)>;  // of a variable
  using Flags = std::map<std::string, std::string>;

  /// `invalid_argument` names the key, the value and what it must be; an unknown key of the file
  /// names the nearest known one. Variables that AgentMonitor knows too are read as it reads them:
  /// what is no number, or too small, counts as not set.
  /// `defaults` stand in the place of those of some keys.
  static base::Result<Config> load(const Flags& flags, const Lookup& environment,
                                   const Flags& defaults = {});

  const ConfigValue& at(std::string_view name) const;
  const std::string& text(std::string_view name) const { return at(name).text; }
  std::int64_t integer(std::string_view name) const;
  double real(std::string_view name) const;
  bool flag(std::string_view name) const { return text(name) == "true"; }
  std::vector<std::string> list(std::string_view name) const;

  monitor::Settings monitor_settings() const;

 private:
  std::map<std::string, ConfigValue, std::less<>> values_;
};

}  // namespace app
