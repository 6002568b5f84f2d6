#include "agents/line_splitter.h"

#include <cstring>

#include "base/text.h"

namespace agents {
namespace {

/// How many bytes belong to the UTF-8 sequence that begins with `byte`.
std::size_t sequence_length(unsigned char byte) {
  if (byte >= 0xF0) return 4;
  if (byte >= 0xE0) return 3;
  return byte >= 0xC0 ? 2 : 1;
}

}  // namespace

// Invariant: what stands in `out` never ends inside an escape or a UTF-8 sequence of a string;
// these wait in `sequence_` until they are complete, and go in or out as a whole.
void StringShortener::feed(std::string_view bytes, std::string& out) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char byte = bytes[i];
    if (state_ == State::outside) {
      out += byte;
      if (byte == '"') {
        state_ = State::inside;
        string_bytes_ = 0;
        is_cutting_ = false;
      }
      continue;
    }
    if (state_ == State::inside && sequence_.empty()) {
      if (byte == '"') {
        if (is_cutting_) out += kCutMark;
        out += byte;
        state_ = State::outside;
        continue;
      }
      if (byte == '\\') {
        state_ = State::escaped;
        sequence_ = byte;
        continue;
      }
      sequence_bytes_ = sequence_length(static_cast<unsigned char>(byte));
      sequence_ = byte;
    } else {
      sequence_ += byte;
      if (state_ == State::escaped && sequence_.size() == 2) {
        sequence_bytes_ = byte == 'u' ? 6 : 2;
        state_ = State::inside;
      }
    }
    if (sequence_.size() >= sequence_bytes_ && state_ == State::inside) {
      string_bytes_ += sequence_.size();
      is_cutting_ = is_cutting_ || string_bytes_ > kMaxStringBytes;
      if (!is_cutting_) out += sequence_;
      sequence_.clear();
    }
  }
}

bool LineSplitter::next(Line& line) {
  if (given_) {
    kept_.clear();
    given_ = false;
  }
  while (!rest_.empty()) {
    const void* end = std::memchr(rest_.data(), '\n', rest_.size());
    if (!end) {
      keep(rest_);
      position_ += rest_.size();
      rest_ = {};
      return false;
    }
    const auto length = static_cast<std::size_t>(static_cast<const char*>(end) - rest_.data());
    const std::string_view piece = rest_.substr(0, length);
    rest_.remove_prefix(length + 1);
    position_ += length + 1;
    std::string_view text = piece;
    if (!kept_.empty() || is_too_long_ || length > kWholeBytes) {
      keep(piece);
      text = kept_;
      given_ = true;
    }
    const bool found = give(text, line);
    line_begin_ = position_;
    if (found) return true;
    kept_.clear();
    given_ = false;
  }
  return false;
}

bool LineSplitter::last(Line& line) {
  if (given_) {
    kept_.clear();
    given_ = false;
  }
  if (kept_.empty() && !is_too_long_) return false;
  const bool found = give(kept_, line);
  line.is_complete = false;
  given_ = true;
  return found;
}

/// Adds to the line that is not complete; shortens it once it is long.
void LineSplitter::keep(std::string_view bytes) {
  if (is_too_long_) return;
  if (!is_shortening_ && kept_.size() + bytes.size() <= kWholeBytes) {
    kept_ += bytes;
    return;
  }
  if (!is_shortening_) {
    is_shortening_ = true;
    shortener_ = {};
    const std::string whole = std::move(kept_);
    kept_.clear();
    shortener_.feed(whole, kept_);
  }
  // In pieces, so that bytes which are given at once do not grow past the limit either.
  for (std::size_t at = 0; at < bytes.size(); at += kWholeBytes) {
    shortener_.feed(bytes.substr(at, kWholeBytes), kept_);
    if (kept_.size() > kMaxBytes) {
      is_too_long_ = true;
      kept_.clear();
      kept_.shrink_to_fit();
      return;
    }
  }
}

/// Fills in `line`; false when it is blank.
bool LineSplitter::give(std::string_view text, Line& line) {
  line = {};
  line.is_cut = is_shortening_;
  line.is_too_long = is_too_long_;
  line.offset = line_begin_;
  is_shortening_ = is_too_long_ = false;
  if (!line.is_too_long && base::trim(text).empty()) return false;
  if (text.ends_with('\r')) text.remove_suffix(1);
  line.text = line.is_too_long ? std::string_view() : text;
  line.index = index_++;
  return true;
}

}  // namespace agents
