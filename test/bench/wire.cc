// Invariants: part_ says what the next byte of the connection is, whatever the cuts between reads;
// line_bytes_ counts the payload bytes of the line that the next one belongs to, 0 at its start.

#include "wire.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

namespace bench {
namespace {

constexpr std::string_view kEndOfHead = "\r\n\r\n";

// Where the kind's first letter stands.
constexpr std::size_t kMonitorKindAt = 15;  // data: {"type":"event",...
constexpr std::size_t kTaskKindAt = 16;     // event: taskcast.event

// What names a benchmark event; the digits of its index, a dash and the stamp follow.
constexpr std::string_view kEventId = "\"event_id\":\"bench-";
constexpr std::size_t kIndexDigits = 10;
constexpr std::size_t kStampDigits = 19;

bool same_name(std::string_view text, std::string_view lower_case) {
  return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

template <class Number>
bool parse_digits(std::string_view text, Number& into, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into, base);
  return error == std::errc{} && end == text.data() + text.size();
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void take_header(std::string_view line, ReplyHead& head) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trim(line.substr(colon + 1));
  if (same_name(name, "content-length")) head.has_length = parse_digits(value, head.content_length);
  if (same_name(name, "transfer-encoding")) head.chunked = same_name(value, "chunked");
  if (same_name(name, "connection")) head.closes = same_name(value, "close");
}

}  // namespace

ReplyHead parse_reply_head(std::string_view bytes) {
  ReplyHead head;
  const std::size_t end = bytes.find(kEndOfHead);
  if (end == std::string_view::npos) {
    if (bytes.size() > ReplyHead::kMaxBytes) head.state = ReplyHead::State::malformed;
    return head;
  }
  head.head_bytes = end + kEndOfHead.size();
  std::string_view lines = bytes.substr(0, end);
  const std::size_t first_end = std::min(lines.find("\r\n"), lines.size());
  const std::string_view status_line = lines.substr(0, first_end);
  // "HTTP/1.1 200 OK"
  if (!status_line.starts_with("HTTP/1.1 ") || status_line.size() < 12 ||
      !parse_digits(status_line.substr(9, 3), head.status)) {
    head.state = ReplyHead::State::malformed;
    return head;
  }
  lines.remove_prefix(std::min(first_end + 2, lines.size()));
  while (!lines.empty()) {
    const std::size_t line_end = std::min(lines.find("\r\n"), lines.size());
    take_header(lines.substr(0, line_end), head);
    lines.remove_prefix(std::min(line_end + 2, lines.size()));
  }
  head.state = ReplyHead::State::complete;
  return head;
}

ChunkedBody::State ChunkedBody::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (left_ > 0) {
      const std::size_t step = std::min(left_, bytes.size());
      left_ -= step;
      bytes.remove_prefix(step);
      continue;
    }
    if (is_last_) return State::malformed;
    line_ += bytes.front();
    bytes.remove_prefix(1);
    if (!line_.ends_with("\r\n")) {
      if (line_.size() > ReplyHead::kMaxBytes) return State::malformed;
      continue;
    }
    const std::string_view digits = std::string_view(line_).substr(0, line_.size() - 2);
    std::size_t size = 0;
    if (digits.empty() || !parse_digits(digits, size, 16)) return State::malformed;
    is_last_ = size == 0;
    left_ = size + 2;
    line_.clear();
  }
  return is_last_ && left_ == 0 ? State::complete : State::incomplete;
}

StreamScanner::StreamScanner(Mode mode, Stream stream)
    : mode_(mode),
      kind_line_(stream == Stream::task ? 'e' : 'd'),
      kind_at_(stream == Stream::task ? kTaskKindAt : kMonitorKindAt) {}

void StreamScanner::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    switch (part_) {
      case Part::head:
        take_head(bytes);
        break;
      case Part::chunk_size:
        take_chunk_size(bytes);
        break;
      case Part::payload:
        take_payload(bytes);
        break;
      case Part::chunk_end:
        take_chunk_end(bytes);
        break;
      case Part::end:
        return;
    }
  }
}

std::vector<std::int64_t> StreamScanner::take_stamps() { return std::exchange(stamps_, {}); }

void StreamScanner::take_head(std::string_view& bytes) {
  const std::size_t had = head_.size();
  head_.append(bytes);
  const ReplyHead head = parse_reply_head(head_);
  if (head.state == ReplyHead::State::malformed) return fail();
  if (head.state == ReplyHead::State::incomplete) {
    bytes = {};
    return;
  }
  bytes.remove_prefix(head.head_bytes - had);
  head_ = {};
  status_ = head.status;
  chunked_ = head.chunked;
  part_ = chunked_ ? Part::chunk_size : Part::payload;
}

void StreamScanner::take_chunk_size(std::string_view& bytes) {
  while (!bytes.empty()) {
    const char c = bytes.front();
    bytes.remove_prefix(1);
    if (c == '\n') {
      if (!size_has_digits_) return fail();
      size_has_digits_ = size_digits_over_ = false;
      part_ = chunk_left_ == 0 ? Part::end : Part::payload;
      return;
    }
    const int digit = size_digits_over_ ? -1 : digit_of(c);
    if (digit < 0) {
      size_digits_over_ = true;  // "\r", or an extension: up to the end of the line
      continue;
    }
    if (chunk_left_ >> 40 != 0) return fail();
    chunk_left_ = chunk_left_ * 16 + static_cast<std::size_t>(digit);
    size_has_digits_ = true;
  }
}

void StreamScanner::take_payload(std::string_view& bytes) {
  const std::size_t size = chunked_ ? std::min(chunk_left_, bytes.size()) : bytes.size();
  scan(bytes.substr(0, size));
  bytes.remove_prefix(size);
  if (!chunked_) return;
  chunk_left_ -= size;
  if (chunk_left_ == 0) part_ = Part::chunk_end;
}

void StreamScanner::take_chunk_end(std::string_view& bytes) {
  const char c = bytes.front();
  bytes.remove_prefix(1);
  if (c == '\n')
    part_ = Part::chunk_size;
  else if (c != '\r')
    fail();
}

void StreamScanner::scan(std::string_view payload) {
  while (!payload.empty()) {
    const void* newline = std::memchr(payload.data(), '\n', payload.size());
    if (newline == nullptr) return note(payload);
    const auto line_bytes =
        static_cast<std::size_t>(static_cast<const char*>(newline) - payload.data()) + 1;
    if (line_bytes == 1 && line_bytes_ == 0) {
      finish_message();
    } else {
      note(payload.substr(0, line_bytes));
    }
    line_bytes_ = 0;
    payload.remove_prefix(line_bytes);
  }
}

void StreamScanner::note(std::string_view part_of_line) {
  // The fields of a message, `data`, `event` and `id`, start with letters of their own.
  if (line_bytes_ == 0) {
    in_data_ = part_of_line.front() == 'd';
    in_kind_ = part_of_line.front() == kind_line_;
  }
  has_data_ |= in_data_;
  if (in_kind_ && line_bytes_ <= kind_at_ && kind_at_ < line_bytes_ + part_of_line.size())
    kind_ = part_of_line[kind_at_ - line_bytes_];
  line_bytes_ += part_of_line.size();
  if (mode_ == Mode::stamps) text_.append(part_of_line);
}

void StreamScanner::finish_message() {
  if (has_data_) ++messages_;
  if (kind_ == 'e') {
    ++events_;
    if (mode_ == Mode::stamps) stamps_.push_back(to_stamp(text_));
  }
  has_data_ = false;
  kind_ = 0;
  text_.clear();
}

void StreamScanner::fail() {
  malformed_ = true;
  part_ = Part::end;
}

std::int64_t to_stamp(std::string_view message) {
  const std::size_t id = message.find(kEventId);
  if (id == std::string_view::npos) return 0;
  const std::size_t at = id + kEventId.size() + kIndexDigits + 1;
  if (at + kStampDigits > message.size()) return 0;
  std::int64_t stamp = 0;
  return parse_digits(message.substr(at, kStampDigits), stamp) ? stamp : 0;
}

}  // namespace bench
