#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace collector {

struct ConfigMember;

/// A value of a configuration file, whatever its syntax.
struct ConfigNode {
  enum class Kind {
    null,
    boolean,
    integer,
    real,
    text,
    plain,  // YAML without quotes: what it is depends on who asks
    list,
    map
  };

  Kind kind = Kind::null;
  bool truth = false;
  std::int64_t integer = 0;
  std::string text;  // text, plain
  std::vector<ConfigNode> items;
  std::vector<ConfigMember> members;  // in the order of the file
};

struct ConfigMember {
  std::string name;
  ConfigNode value;
};

std::string_view name(ConfigNode::Kind kind);

enum class ConfigSyntax { json, yaml, toml };
/// By the end of the name: .yaml, .yml, .toml, else JSON.
ConfigSyntax syntax_of(std::string_view path);

/// Bounds: kMaxConfigNodes values, kMaxConfigDepth levels, aliases of YAML counted each time.
constexpr std::size_t kMaxConfigNodes = 10'000;
constexpr std::size_t kMaxConfigDepth = 32;
base::Result<ConfigNode> parse_config(std::string_view text, ConfigSyntax syntax);

}  // namespace collector
