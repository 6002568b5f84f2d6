#pragma once

#include <span>
#include <string_view>

#include "agents/log_reader.h"

namespace agents {

/// What sets one flat log apart from another: the names of its members.
struct FlatDialect {
  std::span<const std::string_view> requests, responses;  // as `type`
  std::string_view tool, tool_input, tool_output, file, action;
  std::string_view tokens, response_tokens;
  std::string_view session, other_session;
  std::string_view input_name, action_name;  // in a record's data
  std::string_view product, maker;           // words of a message that give the log away
  bool modify_is_write;                      // in a message
  bool tells_session, keeps_empty_message;   // in a record's data
  bool has_text_lines;
};
extern const FlatDialect kClaudeDialect, kCursorDialect;

/// The older JSONL: each line an object that says what it is by its type, by what it has, or by the
/// words of its message; in Cursor's also lines of text. docs/formats.md, "Flat logs".
class FlatLogReader : public LogReader {
 public:
  explicit FlatLogReader(const FlatDialect& dialect) : dialect_(dialect) {}

 protected:
  void read(const Line& line, const base::json::Value& json, const Sink& sink) override;
  bool read_text(const Line& line, const Sink& sink) override;

 private:
  const FlatDialect& dialect_;
};

/// Whether the object `json` is a line of such a log.
bool is_flat_log(const FlatDialect& dialect, const base::json::Value& json);
/// Whether a line that is no JSON is one of Cursor's.
bool is_cursor_text(std::string_view line);

/// What a flat line is by what it has and by the words of its message; nothing: it says nothing.
struct FlatTraits {
  bool has_prompt = false, has_response = false, has_tool = false, has_file = false;
  std::string_view action;
  std::string_view message;
  bool modify_is_write = true;
};
std::optional<Record::Kind> kind_of_flat(const FlatTraits& traits);

}  // namespace agents
