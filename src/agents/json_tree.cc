#include "json_tree.h"

#include <limits>

#include "base/json_writer.h"
#include "json_fields.h"
#include "json_text.h"

namespace agents {
namespace {

std::string to_text(const Value& value) {
  std::string text;
  append_cut(text, value, std::numeric_limits<std::size_t>::max());
  return text;
}

}  // namespace

void JsonTree::reset(std::string text) {
  root_ = {};
  root_.text = std::move(text);
  bytes_ = bytes_of(root_);
}

bool JsonTree::set(const Value& path, std::string text) {
  Node by;
  by.text = std::move(text);
  std::optional<Value> last;
  Node* const parent = parent_of(path, last);
  if (!parent) return false;
  Node* const node = last ? make(*parent, *last) : parent;
  if (!node) return false;
  replace(*node, std::move(by));
  return true;
}

bool JsonTree::append(const Value& path, std::vector<std::string> elements,
                      std::optional<std::size_t> size) {
  std::optional<Value> last;
  Node* const parent = parent_of(path, last);
  if (!parent || !last) return false;
  Node* const node = make(*parent, *last);
  if (!node) return false;
  split(*node);
  if (node->kind != Node::Kind::array) {
    Node array;
    array.kind = Node::Kind::array;
    array.text.clear();
    replace(*node, std::move(array));
  }
  while (size && node->children.size() > *size) {
    bytes_ -= bytes_of(node->children.back());
    node->children.pop_back();
  }
  for (std::string& element : elements) {
    Node child;
    child.text = std::move(element);
    bytes_ += bytes_of(child);
    node->children.push_back(std::move(child));
  }
  return true;
}

bool JsonTree::remove(const Value& path) {
  std::optional<Value> last;
  Node* const parent = parent_of(path, last);
  Node* const node = parent && last ? find(*parent, *last) : nullptr;
  if (!node) return false;
  replace(*node, Node());
  if (parent->kind == Node::Kind::object) {
    bytes_ -= bytes_of(*node);
    parent->children.erase(parent->children.begin() + (node - parent->children.data()));
  }
  return true;
}

JsonTree::Node* JsonTree::member(std::string_view key) {
  split(root_);
  if (root_.kind != Node::Kind::object) return nullptr;
  for (Node& child : root_.children)
    if (child.key == key) return &child;
  return nullptr;
}

std::span<const JsonTree::Node> JsonTree::elements(Node& node) {
  split(node);
  if (node.kind != Node::Kind::array) return {};
  return node.children;
}

/// Makes nodes of the members or elements of a container.
void JsonTree::split(Node& node) {
  if (node.kind != Node::Kind::text) return;
  const auto value = document_.parse(node.text);
  if (!value.ok() || (!value->is(Kind::object) && !value->is(Kind::array))) return;
  bytes_ -= node.text.size();
  node.kind = value->is(Kind::object) ? Node::Kind::object : Node::Kind::array;
  node.text = {};
  node.children.reserve(value->size());
  const auto add = [&](std::string_view key, const Value& of) {
    Node child;
    child.key = key;
    child.text = to_text(of);
    bytes_ += bytes_of(child);
    node.children.push_back(std::move(child));
  };
  if (value->is(Kind::object))
    for (const auto& [key, member] : value->members()) add(key, member);
  else
    for (const Value& element : value->elements()) add({}, element);
}

JsonTree::Node* JsonTree::find(Node& parent, const Value& step) {
  split(parent);
  if (parent.kind == Node::Kind::object && step.is(Kind::string)) {
    for (Node& child : parent.children)
      if (child.key == step.text()) return &child;
  } else if (parent.kind == Node::Kind::array && step.is(Kind::number)) {
    const auto index = step.to_int();
    if (index && *index >= 0 && static_cast<std::size_t>(*index) < parent.children.size())
      return &parent.children[static_cast<std::size_t>(*index)];
  }
  return nullptr;
}

JsonTree::Node* JsonTree::make(Node& parent, const Value& step) {
  if (Node* const node = find(parent, step)) return node;
  const bool is_next = parent.kind == Node::Kind::array && step.is(Kind::number) &&
                       step.to_int() == static_cast<std::int64_t>(parent.children.size());
  const bool is_member = parent.kind == Node::Kind::object && step.is(Kind::string);
  if (!is_next && !is_member) return nullptr;
  Node child;
  if (is_member) child.key = step.text();
  bytes_ += bytes_of(child);
  parent.children.push_back(std::move(child));
  return &parent.children.back();
}

/// The node that all but the last step lead to; the root, and no last, for an empty path.
JsonTree::Node* JsonTree::parent_of(const Value& path, std::optional<Value>& last) {
  if (!path.is(Kind::array)) return nullptr;
  Node* node = &root_;
  for (const Value& step : path.elements()) {
    if (last) node = find(*node, *last);
    if (!node) return nullptr;
    last = step;
  }
  if (last) split(*node);
  return node;
}

void JsonTree::replace(Node& node, Node by) {
  by.key = node.key;
  bytes_ += bytes_of(by);
  bytes_ -= bytes_of(node);
  node = std::move(by);
}

void JsonTree::write(const Node& node, const std::function<void(std::string_view)>& out) {
  if (node.kind == Node::Kind::text) return out(node.text);
  const bool is_object = node.kind == Node::Kind::object;
  out(is_object ? "{" : "[");
  bool is_first = true;
  for (const Node& child : node.children) {
    if (!is_first) out(",");
    is_first = false;
    if (is_object) {
      std::string key;
      base::json::append_string(key, child.key);
      out(key += ':');
    }
    write(child, out);
  }
  out(is_object ? "}" : "]");
}

std::size_t JsonTree::bytes_of(const Node& node) {
  std::size_t bytes = kNodeBytes + node.key.size() + node.text.size();
  for (const Node& child : node.children) bytes += bytes_of(child);
  return bytes;
}

}  // namespace agents
