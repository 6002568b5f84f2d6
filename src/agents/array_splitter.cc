#include "array_splitter.h"

namespace agents {

void ArraySplitter::feed(std::string_view bytes) {
  for (const char byte : bytes) see(byte);
}

void ArraySplitter::see(char byte) {
  constexpr std::size_t kMaxKeyBytes = 64;
  if (is_inside_string_) {
    append(byte);
    if (is_escaped_) {
      is_escaped_ = false;
    } else if (byte == '\\') {
      is_escaped_ = true;
    } else if (byte == '"') {
      is_inside_string_ = false;
    }
    if (is_inside_string_ && depth_ == 1 && key_.size() < kMaxKeyBytes) key_ += byte;
    return;
  }
  const bool is_space = byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
  if (is_space) return;
  const bool closes = byte == ']' || byte == '}';
  if (closes) --depth_;
  if (is_inside_array_ && ((depth_ == 2 && byte == ',') || (depth_ == 1 && closes))) {
    end_element();
    if (closes) is_inside_array_ = false;
    if (!closes) return;
  }
  append(byte);
  if (byte == '"') {
    is_inside_string_ = true;
    if (depth_ == 1) key_.clear();
  } else if (byte == '{' || byte == '[') {
    ++depth_;
    if (depth_ == 2 && byte == '[' && key_ == member_ && is_key_complete_) is_inside_array_ = true;
  }
  if (depth_ == 1 && !is_inside_string_) is_key_complete_ = byte == ':';
}

void ArraySplitter::append(char byte) {
  std::string& out = is_inside_array_ ? element_ : head_;
  bool& is_too_long = is_inside_array_ ? is_element_too_long_ : is_head_too_long_;
  if (is_too_long) return;
  shortener_.feed({&byte, 1}, out);
  if (out.size() <= kMaxBytes) return;
  is_too_long = true;
  out.clear();
}

void ArraySplitter::end_element() {
  if (!element_.empty() || is_element_too_long_) take_(element_);
  element_.clear();
  is_element_too_long_ = false;
}

}  // namespace agents
