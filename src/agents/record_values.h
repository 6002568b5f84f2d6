#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agents/line_splitter.h"
#include "base/clock.h"
#include "base/json_reader.h"

/// What records are made of, out of values whose writers promise nothing.
namespace agents {

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size; nothing
/// when it is no moment between 1970 and 9999.
std::optional<base::Time> to_time(double since_1970);
/// A date; one without a zone is UTC.
std::optional<base::Time> parse_time(std::string_view text);
/// The date or number at `key`.
std::optional<base::Time> time_at(const base::json::Value& object, std::string_view key);

/// The longest of our strings: kMaxStringBytes of it, with kCutMark behind when there was more.
std::string cut_text(std::string_view text);
/// `value` as JSON text, each string of it as cut_text makes it.
std::string to_cut_json(const base::json::Value& value);

/// The id of a line of a log that has no ids: `<offset>:<8 hex digits of its hash>`.
std::string line_id(const Line& line);

/// The text of a message's content: itself, or the `text` of its blocks, with a line end between.
std::string text_of(const base::json::Value& content);

/// The file that a tool with this input is about: the first of the members that name one.
std::string_view file_in(const base::json::Value& input);

}  // namespace agents
