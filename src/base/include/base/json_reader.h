#pragma once

#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// Reading JSON (RFC 8259). simdjson finds where tokens begin; their order and every value are then
/// checked to the last byte, so that a part of an accepted text may be stored without another look.
///
/// More tolerant than the RFC in one point, as JavaScript is: a lone surrogate escape (`\ud83d`)
/// is legal and reads as U+FFFD. Invalid UTF-8, numbers outside the grammar, text after the value
/// and nesting deeper than kMaxDepth are errors.
namespace base::json {

constexpr std::size_t kMaxDepth = 512;

enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

namespace detail {
/// One value. The nodes of a document lie in the order of the text; those between a container and
/// its `end` are its content, in an object a string node for the key before each value.
struct Node {
  const char* text;     // string: unescaped; number: its literal
  std::uint32_t size;   // of text
  std::uint32_t end;    // index of the first node after this value
  std::uint32_t count;  // members or elements
  Kind kind;
  bool truth;
};
}  // namespace detail

struct Member;

/// A value in a Document; valid until the document parses again or ends.
class Value {
 public:
  Value(const detail::Node* nodes, std::uint32_t index) : nodes_(nodes), index_(index) {}

  Kind kind() const { return node().kind; }
  bool is(Kind kind) const { return node().kind == kind; }

  /// boolean
  bool truth() const { return node().truth; }
  /// string: the unescaped text; number: the literal as it was written
  std::string_view text() const { return {node().text, node().size}; }
  /// number: the nearest double, infinite when it is out of range
  double to_double() const;
  /// number: its value when that is integral and fits; `5.0` and `1e3` are integral
  std::optional<std::int64_t> to_int() const;

  /// array, object: how many elements or members
  std::uint32_t size() const { return node().count; }

  /// object: the value of `key`, the last where it stands more than once
  std::optional<Value> find(std::string_view key) const;

  class Elements;
  class Members;
  Elements elements() const;
  Members members() const;

 private:
  const detail::Node& node() const { return nodes_[index_]; }
  const detail::Node* nodes_;
  std::uint32_t index_;
};

struct Member {
  std::string_view key;
  Value value;
};

class Value::Elements {
 public:
  class Iterator {
   public:
    Iterator(const detail::Node* nodes, std::uint32_t index) : nodes_(nodes), index_(index) {}
    Value operator*() const { return {nodes_, index_}; }
    Iterator& operator++() {
      index_ = nodes_[index_].end;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    const detail::Node* nodes_;
    std::uint32_t index_;
  };

  Elements(const detail::Node* nodes, std::uint32_t index) : nodes_(nodes), index_(index) {}
  Iterator begin() const { return {nodes_, index_ + 1}; }
  Iterator end() const { return {nodes_, nodes_[index_].end}; }

 private:
  const detail::Node* nodes_;
  std::uint32_t index_;
};

class Value::Members {
 public:
  class Iterator {
   public:
    Iterator(const detail::Node* nodes, std::uint32_t index) : nodes_(nodes), index_(index) {}
    Member operator*() const {
      const detail::Node& key = nodes_[index_];
      return {{key.text, key.size}, Value(nodes_, index_ + 1)};
    }
    Iterator& operator++() {
      index_ = nodes_[index_ + 1].end;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    const detail::Node* nodes_;
    std::uint32_t index_;
  };

  Members(const detail::Node* nodes, std::uint32_t index) : nodes_(nodes), index_(index) {}
  Iterator begin() const { return {nodes_, index_ + 1}; }
  Iterator end() const { return {nodes_, nodes_[index_].end}; }

 private:
  const detail::Node* nodes_;
  std::uint32_t index_;
};

inline Value::Elements Value::elements() const { return {nodes_, index_}; }
inline Value::Members Value::members() const { return {nodes_, index_}; }

/// A parsed text and the memory it stands in, reused from parse to parse.
///
/// Thread: one. Keeps between parses what a text of up to 1 MiB took.
class Document {
 public:
  Document();
  ~Document();
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  /// Copies `text`, so it may go away. `invalid_argument` when it is not JSON; texts of 4 GiB and
  /// more are refused.
  Result<Value> parse(std::string_view text);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace base::json
