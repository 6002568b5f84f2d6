#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_reader.h"

namespace agents {

/// A JSON value that can be changed. It is split only where something was changed; the rest stays
/// text. Thread: one.
class JsonTree {
 public:
  struct Node {
    enum class Kind : std::uint8_t { text, array, object };
    Kind kind = Kind::text;
    std::string key;            // in an object
    std::string text = "null";  // JSON, when it is not split
    std::vector<Node> children;
  };

  explicit JsonTree(std::string text) { reset(std::move(text)); }
  /// Becomes another value altogether.
  void reset(std::string text);

  /// The three operations at a path, an array of names and indexes. False, and nothing changes,
  /// when there is no such place. A member or element directly behind the last one is made.
  bool set(const base::json::Value& path, std::string text);
  /// Appends `elements` to the array there, after cutting it to `size` when that is less; an array
  /// that is not there is made.
  bool append(const base::json::Value& path, std::vector<std::string> elements,
              std::optional<std::size_t> size);
  /// An element becomes null, so that the others keep their places.
  bool remove(const base::json::Value& path);

  /// The member of the root, which is an object; null: it has none.
  Node* member(std::string_view key);
  /// The elements of an array; empty when it is none.
  std::span<const Node> elements(Node& node);

  /// What it takes, with what a node takes beside its text.
  std::size_t bytes() const { return bytes_; }
  /// Gives the JSON of `node` in pieces.
  static void write(const Node& node, const std::function<void(std::string_view)>& out);
  static std::size_t bytes_of(const Node& node);

 private:
  static constexpr std::size_t kNodeBytes = 160;  // with what its vectors keep in reserve

  void split(Node& node);
  Node* find(Node& parent, const base::json::Value& step);
  Node* make(Node& parent, const base::json::Value& step);
  Node* parent_of(const base::json::Value& path, std::optional<base::json::Value>& last);
  void replace(Node& node, Node by);

  Node root_;
  std::size_t bytes_ = 0;
  base::json::Document document_;
};

}  // namespace agents
