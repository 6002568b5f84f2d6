#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agents/document_reader.h"
#include "agents/log_reader.h"
#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/time_text.h"

/// Records as texts that a test can read: `prompt id=m1 session=s text="hi" data.x="y"`.
namespace agents {

inline std::string_view show(Record::Kind kind) {
  constexpr std::string_view kNames[] = {
      "line",        "usage",    "patch",     "session_start", "session_end",
      "prompt",      "response", "tool_call", "file_read",     "file_write",
      "file_modify", "command",  "failure",   "interaction"};
  return kNames[static_cast<std::size_t>(kind)];
}

inline void show(std::string& out, std::string_view name, const Field::Json& json) {
  base::json::Document document;
  EXPECT_TRUE(document.parse(json.text)) << name << " " << json.text;
  out.append(" ").append(name).append("=").append(json.text);
}

inline std::string show(const Record& r) {
  std::string out(show(r.kind));
  const auto text = [&out](std::string_view name, std::string_view value) {
    if (!value.empty()) out.append(" ").append(name).append("=").append(value);
  };
  const auto quoted = [&out](std::string_view name, std::string_view value) {
    out.append(" ").append(name).append("=");
    base::json::append_string(out, value);
  };
  text("id", r.native_id);
  text("session", r.session_id);
  text("parent", r.parent_session_id);
  if (r.at) text("at", base::to_iso_ms(*r.at));
  text("model", r.model);
  text("version", r.client_version);
  text("cwd", r.working_directory);
  text("branch", r.branch);
  if (!r.text.empty()) quoted("text", r.text);
  text("tool", r.tool_name);
  text("call", r.tool_call_id);
  if (!r.input_json.empty()) show(out, "input", Field::Json{r.input_json});
  if (!r.output_json.empty()) show(out, "output", Field::Json{r.output_json});
  text("file", r.file_path);
  if (r.is_error) out += " error";
  if (r.duration_ms > 0) text("ms", std::to_string(r.duration_ms));
  if (r.usage) {
    const Usage& u = *r.usage;
    out += " usage=" + std::to_string(u.input) + "/" + std::to_string(u.output);
    if (u.cache_read > 0) text("cached", std::to_string(u.cache_read));
    if (u.cache_write > 0) text("written", std::to_string(u.cache_write));
    if (u.reasoning > 0) text("reasoning", std::to_string(u.reasoning));
    if (u.input_includes_cache) out += " inclusive";
  }
  if (r.token_count) text("tokens", std::to_string(*r.token_count));
  if (r.cost_usd) {
    out += " cost=";
    base::json::append_double(out, *r.cost_usd);
  }
  const auto fields = [&](const std::string& prefix, std::span<const Field> all) {
    for (const Field& field : all) {
      const std::string name = prefix + std::string(field.name);
      if (const auto* json = std::get_if<Field::Json>(&field.value)) show(out, name, *json);
      if (const auto* view = std::get_if<std::string_view>(&field.value)) quoted(name, *view);
      if (const auto* count = std::get_if<std::int64_t>(&field.value))
        text(name, std::to_string(*count));
      if (const auto* truth = std::get_if<bool>(&field.value))
        text(name, *truth ? "true" : "false");
      if (const auto* real = std::get_if<double>(&field.value)) text(name, std::to_string(*real));
    }
  };
  fields("data.", r.data);
  fields("context.", r.context);
  return out;
}

using Shown = std::vector<std::string>;
using MakeReader = std::function<std::unique_ptr<LogReader>()>;

/// What a reader makes of `text`, a second one going on behind the first `split` lines.
inline Shown tell(const MakeReader& make, std::string_view text, std::size_t split,
                  ReadCounts* counts = nullptr) {
  Shown shown;
  const auto sink = [&shown](const Record& record) { shown.push_back(show(record)); };
  auto reader = make();
  LineSplitter lines;
  Line line;
  lines.feed(text);
  const auto read = [&] {
    if (line.index == split) {
      const std::string state = reader->save();
      EXPECT_LE(state.size(), LogReader::kMaxStateBytes);
      reader = make();
      EXPECT_TRUE(reader->restore(state)) << state;
    }
    reader->read(line, sink);
  };
  while (lines.next(line)) read();
  if (lines.last(line)) read();
  reader->finish(sink);
  if (counts) *counts = reader->counts();
  return shown;
}

/// The same, and that it does not matter where the reading is taken up again.
inline Shown tell(const MakeReader& make, std::string_view text, ReadCounts* counts = nullptr) {
  ReadCounts all;
  const Shown whole = tell(make, text, ~std::size_t{0}, &all);
  for (std::size_t split = 0; split < all.lines; ++split)
    EXPECT_EQ(tell(make, text, split), whole) << "in two parts at line " << split;
  if (counts) *counts = all;
  return whole;
}

/// What a reader of documents makes of the file at `path`.
inline Shown tell(DocumentReader& reader, const std::string& path) {
  Shown shown;
  const std::atomic<bool> stopping = false;
  const auto sink = [&shown](const Record& record) { shown.push_back(show(record)); };
  const auto read = reader.read(path, sink, stopping);
  if (!read) shown.push_back("failed: " + std::to_string(static_cast<int>(read.error().code)));
  return shown;
}

}  // namespace agents
