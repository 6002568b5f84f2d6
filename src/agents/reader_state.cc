#include "reader_state.h"

#include <charconv>

#include "base/text.h"

namespace agents {

StateWriter& StateWriter::text(std::string_view text) {
  out_.append(std::to_string(text.size())).append(":").append(text);
  return *this;
}

StateWriter& StateWriter::number(std::int64_t number) { return text(std::to_string(number)); }

StateReader::StateReader(std::string_view state, std::string_view name) : rest_(state) {
  ok_ = text() == name;
}

std::string_view StateReader::text() {
  std::size_t size = 0;
  const char* const end = rest_.data() + rest_.size();
  const auto [at, error] = std::from_chars(rest_.data(), end, size);
  ok_ = ok_ && error == std::errc() && at != end && *at == ':' &&
        size <= static_cast<std::size_t>(end - at - 1);
  if (!ok_) return {};
  const std::string_view text(at + 1, size);
  rest_ = {at + 1 + size, static_cast<std::size_t>(end - at - 1) - size};
  return text;
}

std::int64_t StateReader::number() {
  const std::string_view digits = text();
  std::int64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, number);
  ok_ = ok_ && error == std::errc() && at == end;
  return ok_ ? number : 0;
}

std::string to_name(std::string_view text) {
  return std::string(base::cut_utf8(text, kMaxNameBytes));
}

}  // namespace agents
