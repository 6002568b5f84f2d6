#include "agents/line_splitter.h"

#include <algorithm>
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

/// How many bytes stand before the next quote or backslash; eight are looked at in one go.
std::size_t plain_length(std::string_view bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
  const auto has = [](std::uint64_t word, unsigned char byte) {
    const std::uint64_t zeros = word ^ (kOnes * byte);
    return ((zeros - kOnes) & ~zeros & kHighs) != 0;
  };
  std::size_t at = 0;
  for (std::uint64_t word = 0; at + sizeof word <= bytes.size(); at += sizeof word) {
    std::memcpy(&word, bytes.data() + at, sizeof word);
    if (has(word, '"') || has(word, '\\')) break;
  }
  while (at < bytes.size() && bytes[at] != '"' && bytes[at] != '\\') ++at;
  return at;
}

/// `text` without a UTF-8 sequence at its end that is not complete.
std::string_view without_begun_sequence(std::string_view text) {
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;
    return sequence_length(byte) > back ? text.substr(0, text.size() - back) : text;
  }
  return text;
}

bool is_hex_digit(char byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') ||
         (byte >= 'A' && byte <= 'F');
}

}  // namespace

// Invariant: what stands in `out` never ends inside an escape or a UTF-8 sequence of a string;
// these wait in `sequence_` until they are complete, and go in or out as a whole. One that is not
// what it began as ends where it turns wrong, so that it never takes the quote behind it along.
void StringShortener::feed(std::string_view bytes, std::string& out) {
  while (!bytes.empty()) {
    // Runs of bytes at once: most bytes are of one.
    if (!is_inside_) {
      const std::size_t count = std::min(bytes.find('"'), bytes.size() - 1) + 1;
      out += bytes.substr(0, count);
      is_inside_ = bytes[count - 1] == '"';
      string_bytes_ = 0;
      bytes.remove_prefix(count);
      continue;
    }
    const char byte = bytes.front();
    if (!sequence_.empty() && !goes_on_with(byte)) keep_sequence(out);
    if (sequence_.empty() && byte != '"' && byte != '\\') {
      const std::size_t count = take_run(bytes, out);
      bytes.remove_prefix(count);
      if (count > 0) continue;
    }
    bytes.remove_prefix(1);
    if (sequence_.empty() && byte == '"') {
      if (string_bytes_ > kMaxStringBytes) out += kCutMark;
      out += byte;
      is_inside_ = false;
      continue;
    }
    if (sequence_.empty())
      sequence_bytes_ = byte == '\\' ? 2 : sequence_length(static_cast<unsigned char>(byte));
    sequence_ += byte;
    if (byte == 'u' && sequence_.size() == 2) sequence_bytes_ = 6;
    if (sequence_.size() == sequence_bytes_) keep_sequence(out);
  }
}

/// Takes what stands before the next quote or backslash, of which nothing has to be judged by
/// itself: without the begin of a UTF-8 sequence at the end of `bytes`, and without what is so near
/// to the limit that a sequence may cross it. Returns how many bytes that are.
std::size_t StringShortener::take_run(std::string_view bytes, std::string& out) {
  constexpr std::size_t kLongest = 4;  // sequence
  std::string_view run = bytes.substr(0, plain_length(bytes));
  if (run.size() == bytes.size()) run = without_begun_sequence(run);
  const std::size_t room = kMaxStringBytes - std::min(string_bytes_, kMaxStringBytes);
  if (room > 0 && run.size() > room)
    run = room > kLongest ? without_begun_sequence(run.substr(0, room - kLongest)) : "";
  if (room > 0) out += run;
  string_bytes_ += run.size();
  return run.size();
}

bool StringShortener::goes_on_with(char byte) const {
  if (sequence_.front() != '\\') return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
  return sequence_.size() == 1 || is_hex_digit(byte);
}

void StringShortener::keep_sequence(std::string& out) {
  string_bytes_ += sequence_.size();
  if (string_bytes_ <= kMaxStringBytes) out += sequence_;
  sequence_.clear();
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
