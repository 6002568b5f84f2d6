#include "json_splitter.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace agents {
namespace {

constexpr std::size_t kMaxKeyBytes = 256;

constexpr bool is_space(char byte) {
  return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/// Bytes outside strings that change the depth or begin a string.
constexpr std::array<bool, 256> kStructure = [] {
  std::array<bool, 256> table{};
  for (const char byte : {'"', '{', '}', '[', ']'}) table[static_cast<unsigned char>(byte)] = true;
  return table;
}();

const char* find_structure(const char* at, const char* end) {
  while (at != end && !kStructure[static_cast<unsigned char>(*at)]) ++at;
  return at;
}

}  // namespace

// Looks for quotes and then back, at the backslashes before one: strings are mostly long, and
// memchr is many times as fast as looking at each byte.
const char* StringEnd::find(const char* begin, const char* end) {
  const char* at = begin;
  if (is_escaped_ && at != end) {
    is_escaped_ = false;
    ++at;
  }
  const char* const first = at;
  const auto is_escaped = [first](const char* byte) {
    const char* slash = byte;
    while (slash != first && slash[-1] == '\\') --slash;
    return (byte - slash) % 2 == 1;
  };
  for (;;) {
    const void* quote =
        at == end ? nullptr : std::memchr(at, '"', static_cast<std::size_t>(end - at));
    if (!quote) {
      is_escaped_ = is_escaped(end);
      return nullptr;
    }
    at = static_cast<const char*>(quote) + 1;
    if (!is_escaped(at - 1)) return at;
  }
}

// Without branches and in blocks of a fixed size, which compilers turn into vector instructions.
std::size_t count_marks(std::string_view json) {
  constexpr std::size_t kBlock = 128;  // its count fits into a byte
  const auto is_mark = [](char byte) -> std::uint8_t {
    return (byte == ',') | (byte == ':') | ((byte | 0x20) == '{');
  };
  std::size_t marks = 0;
  for (; json.size() >= kBlock; json.remove_prefix(kBlock)) {
    std::uint8_t count = 0;
    for (std::size_t i = 0; i < kBlock; ++i)
      count = static_cast<std::uint8_t>(count + is_mark(json[i]));
    marks += count;
  }
  for (const char byte : json) marks += is_mark(byte);
  return marks;
}

void JsonReducer::feed(std::string_view bytes, std::string& out) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  const char* begin = at;  // of what is kept and not yet given on
  const auto give = [&](const char* to) {
    shortener_.feed({begin, static_cast<std::size_t>(to - begin)}, out);
  };
  while (at != end) {
    if (is_inside_) {
      const char* const behind = string_.find(at, end);
      is_inside_ = behind == nullptr;
      at = behind ? behind : end;
      continue;
    }
    at = find_structure(at, end);
    if (at == end) break;
    const char byte = *at++;
    if (byte == '"') {
      is_inside_ = true;
    } else if (byte == '{' || byte == '[') {
      if (++depth_ == kMaxDepth + 1) give(at);
    } else if (depth_ > 0 && depth_-- == kMaxDepth + 1) {
      begin = at - 1;
    }
  }
  if (depth_ <= kMaxDepth) give(end);
}

bool JsonSplitter::next(Part& part) {
  while (!rest_.empty() && state_ != State::done && state_ != State::broken)
    if (step(part)) return true;
  return false;
}

/// Goes on by a token or a value; true: `part` is one.
bool JsonSplitter::step(Part& part) {
  if (state_ == State::inside) return take_value(part);
  if (state_ == State::inside_key) {
    const char* const end = rest_.data() + rest_.size();
    const char* const behind = string_.find(rest_.data(), end);
    const auto count = static_cast<std::size_t>((behind ? behind : end) - rest_.data());
    key_ += rest_.substr(0, std::min(count, kMaxKeyBytes - std::min(key_.size(), kMaxKeyBytes)));
    skip(count);
    if (!behind) return false;
    if (key_.ends_with('"')) key_.pop_back();
    state_ = State::colon;
    return false;
  }
  const char byte = rest_.front();
  if (is_space(byte)) {
    skip(1);
    return false;
  }
  switch (state_) {
    case State::begin:
      skip(1);
      state_ = byte == '{' ? State::first_key : State::broken;
      break;
    case State::first_key:
    case State::key:
      skip(1);
      if (byte == '"') {
        key_.clear();
        string_ = {};
        state_ = State::inside_key;
      } else if (byte == '}' && state_ == State::first_key) {
        close(byte);
      } else {
        state_ = State::broken;
      }
      break;
    case State::colon:
      skip(1);
      state_ = byte == ':' ? State::value : State::broken;
      break;
    case State::first_value:
      if (byte == ']') {
        skip(1);
        close(byte);
        break;
      }
      [[fallthrough]];
    case State::value:
      open_or_begin_value(byte);
      break;
    case State::behind:
      skip(1);
      if (byte == ',')
        state_ = is_in_array_ ? State::value : State::key;
      else
        close(byte);
      break;
    case State::inside_key:
    case State::inside:
    case State::done:
    case State::broken:
      break;
  }
  return false;
}

void JsonSplitter::open_or_begin_value(char first) {
  const bool is_on_path = !is_in_array_ && level_ < path_.size() && key_ == path_[level_];
  const bool is_last = level_ + 1 == path_.size();
  if (is_on_path && first == (is_last ? '[' : '{')) {
    skip(1);
    is_in_array_ = is_last;
    has_array_ |= is_last;
    level_ += !is_last;
    state_ = is_last ? State::first_value : State::first_key;
    return;
  }
  begin_value(first);
}

void JsonSplitter::close(char bracket) {
  if (bracket != (is_in_array_ ? ']' : '}')) {
    state_ = State::broken;
  } else if (is_in_array_) {
    is_in_array_ = false;
    state_ = State::behind;
  } else if (level_ == 0) {
    state_ = State::done;
  } else {
    --level_;
    state_ = State::behind;
  }
}

void JsonSplitter::begin_value(char first) {
  if (first == ',' || first == ':' || first == '}' || first == ']') {
    state_ = State::broken;
    return;
  }
  state_ = State::inside;
  value_begin_ = position_;
  depth_ = 0;
  is_scalar_ = first != '"' && first != '{' && first != '[';
  is_inside_string_ = false;
  string_ = {};
  kept_.clear();
  is_kept_ = is_reducing_ = is_too_long_ = false;
}

/// Behind the value that goes on at `begin`; null: not before `end`.
const char* JsonSplitter::end_of_value(const char* begin, const char* end) {
  if (is_scalar_) {
    const char* const at = std::find_if(begin, end, [](char byte) {
      return is_space(byte) || byte == ',' || byte == '}' || byte == ']';
    });
    return at == end ? nullptr : at;
  }
  for (const char* at = begin; at != end;) {
    if (is_inside_string_) {
      at = string_.find(at, end);
      if (!at) return nullptr;
      is_inside_string_ = false;
      if (depth_ == 0) return at;
      continue;
    }
    at = find_structure(at, end);
    if (at == end) return nullptr;
    const char byte = *at++;
    if (byte == '"') {
      is_inside_string_ = true;
    } else if (byte == '{' || byte == '[') {
      ++depth_;
    } else if (--depth_ == 0) {
      return at;
    }
  }
  return nullptr;
}

bool JsonSplitter::take_value(Part& part) {
  const char* const end = rest_.data() + rest_.size();
  const char* const behind = end_of_value(rest_.data(), end);
  const std::string_view bytes =
      rest_.substr(0, static_cast<std::size_t>((behind ? behind : end) - rest_.data()));
  skip(bytes.size());
  const bool is_skipped = is_in_array_ && elements_ == Elements::skip;
  const std::size_t whole = is_in_array_ ? kWholeBytes : kMaxMemberBytes;
  const bool is_whole = behind && !is_kept_ && bytes.size() <= whole;
  if (!is_whole && !is_skipped) keep(bytes);
  if (!behind) return false;
  state_ = State::behind;
  if (is_skipped) return false;
  part = {};
  part.is_element = is_in_array_;
  if (!is_in_array_) part.key = key_;
  part.level = level_;
  part.offset = value_begin_;
  part.is_cut = is_reducing_;
  part.is_too_long = is_too_long_;
  if (!is_too_long_) part.text = is_whole ? bytes : std::string_view(kept_);
  return true;
}

/// Adds to the value; reduces it once it is long.
void JsonSplitter::keep(std::string_view bytes) {
  is_kept_ = true;
  if (is_too_long_) return;
  const std::size_t whole = is_in_array_ ? kWholeBytes : kMaxMemberBytes;
  if (!is_reducing_ && kept_.size() + bytes.size() <= whole) {
    kept_ += bytes;
    return;
  }
  if (is_in_array_ && !is_reducing_) {
    is_reducing_ = true;
    reducer_ = {};
    const std::string begin = std::move(kept_);
    kept_.clear();
    reducer_.feed(begin, kept_);
    marks_ = count_marks(kept_);
  }
  is_too_long_ = !is_in_array_;
  for (std::size_t at = 0; at < bytes.size() && !is_too_long_; at += kWholeBytes) {
    const std::size_t before = kept_.size();
    reducer_.feed(bytes.substr(at, kWholeBytes), kept_);
    marks_ += count_marks(std::string_view(kept_).substr(before));
    is_too_long_ = kept_.size() > kMaxBytes || marks_ > kMaxMarks;
  }
  if (!is_too_long_) return;
  kept_.clear();
  kept_.shrink_to_fit();
}

void JsonSplitter::skip(std::size_t count) {
  rest_.remove_prefix(count);
  position_ += count;
}

}  // namespace agents
