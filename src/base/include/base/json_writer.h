#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json_reader.h"

/// Writing compact JSON by appending to a string. Numbers and strings look as JSON.stringify makes
/// them: integers without fraction, reals in the shortest form that reads back (`0`, never `0.0`),
/// UTF-8 unescaped, infinite and NaN as null.
namespace base::json {

void append_string(std::string& out, std::string_view text);
void append_int(std::string& out, std::int64_t value);
void append_double(std::string& out, double value);

/// A parsed value, compact, as JavaScript would write it after reading it: members whose key is an
/// array index come first in ascending order, the last of equal keys wins, `1.0` becomes `1`.
/// Integers keep all their digits, where JavaScript would round past 2^53.
void append_value(std::string& out, const Value& value);

/// Objects and arrays with their commas.
///
///   Writer json(out);
///   json.begin_object().key("total").value(3).end_object();
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  Writer& begin_object() { return open('{'); }
  Writer& end_object() { return close('}'); }
  Writer& begin_array() { return open('['); }
  Writer& end_array() { return close(']'); }

  /// `name` is written as it is: for constants that need no escape.
  Writer& key(std::string_view name) {
    comma();
    out_ += '"';
    out_ += name;
    out_ += "\":";
    first_ = true;
    return *this;
  }
  /// For names that come from outside.
  Writer& escaped_key(std::string_view name) {
    comma();
    append_string(out_, name);
    out_ += ':';
    first_ = true;
    return *this;
  }

  Writer& value(std::string_view text) {
    comma();
    append_string(out_, text);
    return *this;
  }
  Writer& value(const char* text) { return value(std::string_view(text)); }
  Writer& value(const std::string& text) { return value(std::string_view(text)); }
  Writer& value(bool truth) { return raw(truth ? "true" : "false"); }
  Writer& value(double real) {
    comma();
    append_double(out_, real);
    return *this;
  }
  template <class Integer>
  requires std::is_integral_v<Integer> Writer& value(Integer integer) {
    comma();
    append_int(out_, static_cast<std::int64_t>(integer));
    return *this;
  }
  Writer& null() { return raw("null"); }
  /// Null when `text` is empty.
  Writer& value_or_null(std::string_view text) { return text.empty() ? null() : value(text); }
  /// JSON that is there already.
  Writer& raw(std::string_view json) {
    comma();
    out_ += json;
    return *this;
  }

 private:
  Writer& open(char bracket) {
    comma();
    out_ += bracket;
    first_ = true;
    return *this;
  }
  Writer& close(char bracket) {
    out_ += bracket;
    first_ = false;
    return *this;
  }
  void comma() {
    if (!first_) out_ += ',';
    first_ = false;
  }

  std::string& out_;
  bool first_ = true;
};

}  // namespace base::json
