#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "agents/line_splitter.h"
#include "base/json_reader.h"

/// Texts out of records, and parts of records as JSON texts.
namespace agents {

/// Appends `value` as JSON, members in their order, with longer strings cut to `max_string` bytes
/// and kCutMark behind; true: some were.
bool append_cut(std::string& out, const base::json::Value& value,
                std::size_t max_string = StringShortener::kMaxStringBytes);
/// The same for a text.
bool append_cut(std::string& out, std::string_view text,
                std::size_t max_string = StringShortener::kMaxStringBytes);

/// What a tool is called with has to wait for what comes of it, so it is no longer than this.
constexpr std::size_t kMaxInputBytes = std::size_t{96} << 10;
/// `value` as JSON of at most kMaxInputBytes: strings are cut to 64 KiB, or to 1 KiB where that is
/// not enough, or else the whole becomes a text that is cut.
bool append_input(std::string& out, const base::json::Value& value);
bool append_input(std::string& out, std::string_view text);

/// The text of a message: itself when it is one, or the `text` of its blocks with line ends between
/// them. Blocks of a type that does not end in "text" say nothing.
std::string message_text(const base::json::Value& content);

}  // namespace agents
