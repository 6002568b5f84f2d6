#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace agents {

/// One line of a log that is not blank.
struct Line {
  std::string_view text;     // without the line end; valid until the splitter goes on
  std::uint64_t offset = 0;  // of its first byte in the file
  std::uint64_t index = 0;   // among the lines that are not blank, from 0
  bool is_cut = false;       // long strings of it were shortened, and end in kCutMark
  bool is_too_long = false;  // even so it did not fit: `text` is empty
  bool is_complete = true;   // false: the file ends inside it
};

/// Shortens the strings of a JSON text on its way through, so that a line of any length fits into
/// memory and still parses. Knows nothing of JSON but where strings begin and end.
class StringShortener {
 public:
  static constexpr std::size_t kMaxStringBytes = std::size_t{64} << 10;

  /// Appends what is left of `bytes` to `out`; goes on where the last call ended.
  void feed(std::string_view bytes, std::string& out);

 private:
  bool goes_on_with(char byte) const;
  void keep_sequence(std::string& out);
  std::size_t take_run(std::string_view bytes, std::string& out);

  bool is_inside_ = false;        // of a string
  std::size_t string_bytes_ = 0;  // of it so far; once too many, nothing of it is kept any more
  std::string sequence_;          // the escape or UTF-8 sequence that is not complete yet
  std::size_t sequence_bytes_ = 0;
};

/// What a string ends with that was shortened.
inline constexpr std::string_view kCutMark = " [cut]";

/// Splits a stream of bytes into lines, in bounded memory whatever the length of a line.
///
/// A line longer than kWholeBytes has its long strings shortened; one that is longer than kMaxBytes
/// then is given without its text. Lines end in LF or CRLF; a blank one has only white space.
/// Thread: one.
class LineSplitter {
 public:
  static constexpr std::size_t kWholeBytes = std::size_t{1} << 20;
  static constexpr std::size_t kMaxBytes = std::size_t{2} << 20;

  LineSplitter() = default;
  /// Of a stream that is taken up at `offset`, behind `lines` lines that are not blank.
  LineSplitter(std::uint64_t offset, std::uint64_t lines)
      : position_(offset), line_begin_(offset), index_(lines) {}

  /// The next `bytes` of the stream; they must stay until `next` returned false.
  void feed(std::string_view bytes) { rest_ = bytes; }
  /// Takes the next complete line; false: feed more.
  bool next(Line& line);
  /// What stands behind the last line end; false: nothing. At the end of the stream.
  bool last(Line& line);

  /// Bytes behind the last line end.
  std::uint64_t pending_bytes() const { return position_ - line_begin_; }

  /// Where the line begins that has not been given yet, and how many were given: to take the stream
  /// up again there.
  std::uint64_t next_offset() const { return line_begin_; }
  std::uint64_t lines() const { return index_; }

 private:
  void keep(std::string_view bytes);
  bool give(std::string_view text, Line& line);

  std::string_view rest_;
  std::string kept_;  // the begin of a line whose end has not come
  StringShortener shortener_;
  bool is_shortening_ = false, is_too_long_ = false;
  std::uint64_t position_ = 0;    // in the stream
  std::uint64_t line_begin_ = 0;  // of the line that `kept_` belongs to
  std::uint64_t index_ = 0;
  bool given_ = false;  // `kept_` has been given and goes with the next call
};

}  // namespace agents
