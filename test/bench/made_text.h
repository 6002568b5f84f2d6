#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// Numbers, ids and texts that look like an agent's, the same ones each time.
class MadeText {
 public:
  MadeText() {
    constexpr std::array<std::string_view, 32> kWords = {
        "the ",    "test ",  "fails ",  "because ",      "parser ",  "returns ",
        "empty ",  "list ",  "when ",   "input ",        "has ",     "trailing",
        " comma ", "so ",    "we ",     "change ",       "loop;\\n", "and ",
        "add ",    "case ",  "für ",    "größe ",        "試験 ",    "path\\\\",
        "to ",     "    ",   "return ", "std::move(x) ", "if (x) {", "\\\"quoted\\\" ",
        "}\\n",    "// why "};
    while (text_.size() < kTextBytes) {
      begins_.push_back(text_.size());
      text_ += kWords[below(kWords.size())];
    }
  }

  std::uint32_t below(std::size_t limit) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::uint32_t>((state_ >> 33) % limit);
  }
  std::uint32_t between(std::uint32_t least, std::uint32_t limit) {
    return least + below(limit - least);
  }

  /// About so many bytes, as they stand in a JSON string; at most half of kTextBytes.
  std::string_view text(std::size_t bytes) {
    const std::size_t first = below(begins_.size() / 2);
    std::size_t last = first + 1 + bytes / 6;
    if (last >= begins_.size()) last = begins_.size() - 1;
    return std::string_view(text_).substr(begins_[first], begins_[last] - begins_[first]);
  }
  /// As long as what people and models say.
  std::string_view said() { return text(below(10) == 0 ? between(800, 6000) : between(20, 800)); }
  /// As long as the output of a tool.
  std::string_view output() {
    return text(below(20) == 0 ? between(9000, 60'000) : between(40, 4000));
  }
  std::string hex(std::size_t digits) {
    std::string out;
    while (out.size() < digits) out += "0123456789abcdef"[below(16)];
    return out;
  }
  std::string uuid() {
    return hex(8) + "-" + hex(4) + "-4" + hex(3) + "-a" + hex(3) + "-" + hex(12);
  }
  /// The next moment, as a date.
  std::string date() {
    const auto second = std::to_string(tick_ / 60 % 60 + 100).substr(1);
    const auto minute = std::to_string(tick_ / 3600 % 60 + 100).substr(1);
    return "2026-01-10T08:" + minute + ":" + second + "." + std::to_string(100 + tick_++ % 900) +
           "Z";
  }

 private:
  static constexpr std::size_t kTextBytes = std::size_t{1} << 20;

  std::uint64_t state_ = 7;
  std::uint64_t tick_ = 0;
  std::string text_;
  std::vector<std::size_t> begins_;  // of words
};

inline void append(std::string& out, std::string_view text) { out += text; }
inline void append(std::string& out, char byte) { out += byte; }
template <std::integral Number>
void append(std::string& out, Number number) {
  out += std::to_string(number);
}
/// Appends texts and numbers.
template <class... Parts>
void put(std::string& out, const Parts&... parts) {
  (append(out, parts), ...);
}

}  // namespace bench
