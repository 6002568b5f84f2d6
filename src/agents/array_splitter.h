#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "agents/line_splitter.h"

namespace agents {

/// Takes a JSON object apart that has one long array, in bounded memory: the elements of that
/// array one by one, and the object without them. Long strings are shortened as StringShortener
/// does. Knows nothing of JSON but brackets and strings: what it gives is still to be parsed.
class ArraySplitter {
 public:
  static constexpr std::size_t kMaxBytes = LineSplitter::kMaxBytes;

  /// Of an element: its text; empty when it is longer than kMaxBytes even so.
  using Take = std::function<void(std::string_view element)>;

  ArraySplitter(std::string_view member, Take take) : member_(member), take_(std::move(take)) {}

  void feed(std::string_view bytes);
  /// The object with an empty array; empty when it is longer than kMaxBytes. Once all is fed.
  const std::string& head() const { return head_; }

 private:
  void see(char byte);
  void append(char byte);
  void end_element();

  std::string member_;
  Take take_;
  std::string head_, element_, key_;
  StringShortener shortener_;
  int depth_ = 0;
  bool is_inside_string_ = false, is_escaped_ = false;
  bool is_inside_array_ = false, is_key_complete_ = false;
  bool is_head_too_long_ = false, is_element_too_long_ = false;
};

}  // namespace agents
