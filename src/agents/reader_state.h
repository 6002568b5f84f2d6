#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace agents {

/// What a reader saves: texts and numbers in a row, each as `<bytes>:<text>`, behind the name of
/// the reader and the version of its layout.
class StateWriter {
 public:
  explicit StateWriter(std::string_view name) { text(name); }

  StateWriter& text(std::string_view text);
  StateWriter& number(std::int64_t number);
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

/// Takes them out again. Once something is not as it was written, all that follows is empty or 0
/// and `is_whole` false.
class StateReader {
 public:
  StateReader(std::string_view state, std::string_view name);

  std::string_view text();
  std::int64_t number();
  /// Everything was there, and nothing is left.
  bool is_whole() const { return ok_ && rest_.empty(); }
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

/// Ids, names and paths that a reader remembers are cut to this, so that its state has a bound.
constexpr std::size_t kMaxNameBytes = 1024;
std::string to_name(std::string_view text);

}  // namespace agents
