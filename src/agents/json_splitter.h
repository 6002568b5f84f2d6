#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agents/line_splitter.h"

namespace agents {

/// Finds the end of a JSON string that comes in pieces.
class StringEnd {
 public:
  /// Behind the quote that ends the string which goes on at `begin`; null: not before `end`.
  const char* find(const char* begin, const char* end);

 private:
  bool is_escaped_ = false;  // the next byte is
};

/// How many bytes of `json` may be the begin of a value.
std::size_t count_marks(std::string_view json);

/// Makes a JSON value smaller on its way through: long strings are shortened, what lies deeper than
/// kMaxDepth is left out, so that containers there are empty.
class JsonReducer {
 public:
  static constexpr std::size_t kMaxDepth = 6;

  /// Appends what is left of `bytes` to `out`; goes on where the last call ended.
  void feed(std::string_view bytes, std::string& out);

 private:
  StringShortener shortener_;
  StringEnd string_;
  bool is_inside_ = false;  // of a string
  std::size_t depth_ = 0;
};

/// Splits a JSON object that streams by into its members, and one array in it into its elements, in
/// bounded memory. `path` are the keys that lead to the array; on the way there objects are split
/// as well. Checks no more of a value than where it ends.
///
/// An element longer than kWholeBytes is reduced; one that has more than kMaxBytes or kMaxMarks
/// then, for it would not fit into memory parsed, is given without its text; so is a member longer
/// than kMaxMemberBytes. Thread: one.
class JsonSplitter {
 public:
  static constexpr std::size_t kWholeBytes = std::size_t{1} << 20;
  static constexpr std::size_t kMaxBytes = std::size_t{6} << 20;
  static constexpr std::size_t kMaxMarks = 750000;  // commas, colons, opening brackets
  static constexpr std::size_t kMaxMemberBytes = std::size_t{64} << 10;

  enum class Elements : std::uint8_t { give, skip };

  /// Valid until the splitter goes on.
  struct Part {
    std::string_view key;      // of a member, as it is written; empty: an element
    std::size_t level = 0;     // of a member: how many keys of the path lead to its object
    std::string_view text;     // of its value
    std::uint64_t offset = 0;  // of the value, in the stream
    bool is_element = false, is_cut = false, is_too_long = false;
  };

  explicit JsonSplitter(std::vector<std::string_view> path, Elements elements = Elements::give)
      : path_(std::move(path)), elements_(elements) {}

  /// The next `bytes` of the stream; they must stay until `next` returned false.
  void feed(std::string_view bytes) { rest_ = bytes; }
  /// Takes the next part; false: feed more, unless it is over.
  bool next(Part& part);

  /// The object has ended; `rest` stands behind it.
  bool is_done() const { return state_ == State::done; }
  std::string_view rest() const { return rest_; }
  /// This is no such JSON.
  bool is_broken() const { return state_ == State::broken; }
  bool has_array() const { return has_array_; }

 private:
  enum class State : std::uint8_t {
    begin,        // before the object
    first_key,    // behind `{`
    key,          // behind a comma of an object
    inside_key,   // behind the quote of a key
    colon,        // behind a key
    value,        // before a value
    first_value,  // behind `[` of the array
    inside,       // of a value
    behind,       // a value
    done,
    broken,
  };

  bool step(Part& part);
  bool take_value(Part& part);
  void begin_value(char first);
  void open_or_begin_value(char first);
  const char* end_of_value(const char* begin, const char* end);
  void close(char bracket);
  void keep(std::string_view bytes);
  void skip(std::size_t count);

  std::vector<std::string_view> path_;
  Elements elements_;
  std::string_view rest_;
  std::uint64_t position_ = 0;  // of `rest_` in the stream
  State state_ = State::begin;
  std::size_t level_ = 0;
  bool is_in_array_ = false, has_array_ = false;

  std::string key_;
  StringEnd string_;
  // Of the value:
  std::uint64_t value_begin_ = 0;
  std::size_t depth_ = 0;
  bool is_inside_string_ = false, is_scalar_ = false;
  std::string kept_;
  bool is_kept_ = false;  // some of it lies in `kept_`
  bool is_reducing_ = false, is_too_long_ = false;
  std::size_t marks_ = 0;  // in `kept_`, once it is reduced
  JsonReducer reducer_;
};

}  // namespace agents
