#include "collector/config_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

#include "base/json_reader.h"
#include "base/text.h"

namespace collector {
namespace {

namespace json = base::json;
using base::Errc;
using base::Error;
using base::Result;
using Kind = ConfigNode::Kind;

Error invalid(std::string what) { return {Errc::invalid_argument, std::move(what)}; }

/// Counts what is built, so that a small file cannot become a large tree.
class Budget {
 public:
  Result<void> take(std::size_t depth) {
    if (depth > kMaxConfigDepth) return invalid("too many levels");
    if (++nodes_ > kMaxConfigNodes) return invalid("too many values");
    return {};
  }

 private:
  std::size_t nodes_ = 0;
};

ConfigNode text_node(Kind kind, std::string_view text) {
  ConfigNode node;
  node.kind = kind;
  node.text = text;
  return node;
}

Result<ConfigNode> from_json(const json::Value& value, Budget& budget, std::size_t depth) {
  TRY_OK(budget.take(depth));
  ConfigNode node;
  switch (value.kind()) {
    case json::Kind::null:
      break;
    case json::Kind::boolean:
      node.kind = Kind::boolean;
      node.truth = value.truth();
      break;
    case json::Kind::number: {
      const auto integer = value.to_int();
      node.kind = integer ? Kind::integer : Kind::real;
      node.integer = integer.value_or(0);
      break;
    }
    case json::Kind::string:
      return text_node(Kind::text, value.text());
    case json::Kind::array:
      node.kind = Kind::list;
      for (const json::Value item : value.elements()) {
        TRY(ConfigNode child, from_json(item, budget, depth + 1));
        node.items.push_back(std::move(child));
      }
      break;
    case json::Kind::object:
      node.kind = Kind::map;
      for (const json::Member member : value.members()) {
        TRY(ConfigNode child, from_json(member.value, budget, depth + 1));
        node.members.push_back({std::string(member.key), std::move(child)});
      }
      break;
  }
  return node;
}

Result<ConfigNode> from_yaml(const YAML::Node& value, Budget& budget, std::size_t depth) {
  TRY_OK(budget.take(depth));
  ConfigNode node;
  if (value.IsScalar()) {
    const bool is_quoted = value.Tag() == "!" || value.Tag() == "tag:yaml.org,2002:str";
    return text_node(is_quoted ? Kind::text : Kind::plain, value.Scalar());
  }
  if (value.IsSequence()) {
    node.kind = Kind::list;
    for (const auto& item : value) {
      TRY(ConfigNode child, from_yaml(item, budget, depth + 1));
      node.items.push_back(std::move(child));
    }
  } else if (value.IsMap()) {
    node.kind = Kind::map;
    for (const auto& entry : value) {
      if (!entry.first.IsScalar()) return invalid("a key that is no text");
      TRY(ConfigNode child, from_yaml(entry.second, budget, depth + 1));
      node.members.push_back({entry.first.Scalar(), std::move(child)});
    }
  }
  return node;
}

Result<ConfigNode> from_toml(const toml::node& value, Budget& budget, std::size_t depth) {
  TRY_OK(budget.take(depth));
  ConfigNode node;
  if (const auto* text = value.as_string()) return text_node(Kind::text, text->get());
  if (const auto* truth = value.as_boolean()) {
    node.kind = Kind::boolean;
    node.truth = truth->get();
  } else if (const auto* integer = value.as_integer()) {
    node.kind = Kind::integer;
    node.integer = integer->get();
  } else if (const auto* list = value.as_array()) {
    node.kind = Kind::list;
    for (const toml::node& item : *list) {
      TRY(ConfigNode child, from_toml(item, budget, depth + 1));
      node.items.push_back(std::move(child));
    }
  } else if (const auto* table = value.as_table()) {
    node.kind = Kind::map;
    for (const auto& [key, item] : *table) {
      TRY(ConfigNode child, from_toml(item, budget, depth + 1));
      node.members.push_back({std::string(key.str()), std::move(child)});
    }
  } else {
    node.kind = Kind::real;  // or a date: nothing here takes either
  }
  return node;
}

/// A text of brackets alone would take yaml-cpp's recursion to the end of the stack.
bool nests_too_deep(std::string_view text) {
  std::size_t depth = 0, indents = 0;
  bool at_start = true;
  for (const char c : text) {
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && depth > 0) --depth;
    if (c == '\n') at_start = true, indents = 0;
    // `- - - -`: each dash is a level.
    else if (at_start && (c == '-' || c == '?' || c == ':'))
      ++indents;
    else if (c != ' ')
      at_start = false;
    if (depth > 10 * kMaxConfigDepth || indents > 10 * kMaxConfigDepth) return true;
  }
  return false;
}

}  // namespace

std::string_view name(Kind kind) {
  switch (kind) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return "true or false";
    case Kind::integer:
    case Kind::real:
      return "a number";
    case Kind::text:
    case Kind::plain:
      return "a string";
    case Kind::list:
      return "a list";
    case Kind::map:
      break;
  }
  return "an object";
}

ConfigSyntax syntax_of(std::string_view path) {
  const std::string lower = base::to_lower(path);
  if (lower.ends_with(".yaml") || lower.ends_with(".yml")) return ConfigSyntax::yaml;
  return lower.ends_with(".toml") ? ConfigSyntax::toml : ConfigSyntax::json;
}

Result<ConfigNode> parse_config(std::string_view text, ConfigSyntax syntax) {
  Budget budget;
  if (syntax == ConfigSyntax::json) {
    json::Document document;
    TRY(const json::Value root, document.parse(text));
    return from_json(root, budget, 0);
  }
  if (nests_too_deep(text)) return invalid("too many levels");
  if (syntax == ConfigSyntax::yaml) {
    try {
      return from_yaml(YAML::Load(std::string(text)), budget, 0);
    } catch (const YAML::Exception& e) {
      return invalid(e.what());
    }
  }
  try {
    const toml::table root = toml::parse(text);
    return from_toml(root, budget, 0);
  } catch (const toml::parse_error& e) {
    return invalid(fmt::format("{} (line {})", e.description(), e.source().begin.line));
  }
}

}  // namespace collector
