#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agents/log_reader.h"
#include "base/time_text.h"
#include "reader_state.h"

namespace agents {

/// A conversation's record that outlives its reader.
struct ToldRecord {
  Record::Kind kind = Record::Kind::line;
  std::map<std::string, std::string> texts;  // those that are given
  std::map<std::string, std::string> data, context;
  std::optional<Usage> usage;
  std::optional<double> cost_usd;
  std::int64_t duration_ms = 0;
  bool is_error = false, is_cut = false;
  std::uint64_t ordinal = 0;

  std::string operator[](const std::string& name) const {
    const auto found = texts.find(name);
    return found == texts.end() ? "" : found->second;
  }
};

inline std::map<std::string, std::string> keep_fields(std::span<const Field> fields) {
  struct Visitor {
    std::string operator()(std::string_view text) const { return std::string(text); }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const { return std::to_string(number); }
    std::string operator()(bool truth) const { return truth ? "true" : "false"; }
    std::string operator()(Field::Json json) const { return "json:" + std::string(json.text); }
  };
  std::map<std::string, std::string> kept;
  for (const Field& field : fields)
    EXPECT_TRUE(kept.emplace(field.name, std::visit(Visitor(), field.value)).second) << field.name;
  return kept;
}

inline ToldRecord tell(const Record& r) {
  ToldRecord told{r.kind,   {},         keep_fields(r.data), keep_fields(r.context),
                  r.usage,  r.cost_usd, r.duration_ms,       r.is_error,
                  r.is_cut, r.ordinal};
  const std::pair<const char*, std::string_view> texts[] = {
      {"id", r.native_id},
      {"session", r.session_id},
      {"parent", r.parent_session_id},
      {"message", r.message_id},
      {"request", r.request_id},
      {"cwd", r.working_directory},
      {"branch", r.branch},
      {"repository", r.repository_url},
      {"model", r.model},
      {"version", r.client_version},
      {"originator", r.originator},
      {"tool", r.tool_name},
      {"call", r.tool_call_id},
      {"file", r.file_path},
      {"input", r.input_json},
      {"output", r.output_json},
      {"text", r.text},
      {"type", r.type},
      {"timestamp", r.timestamp},
  };
  for (const auto& [name, text] : texts)
    if (!text.empty()) told.texts.emplace(name, text);
  if (r.at) told.texts.emplace("at", base::to_iso_ms(*r.at));
  return told;
}

/// Everything, for comparing.
inline std::string dump(const ToldRecord& told) {
  std::string out = std::to_string(static_cast<int>(told.kind));
  for (const auto* fields : {&told.texts, &told.data, &told.context})
    for (const auto& [name, text] : *fields) out.append(" ").append(name).append("=").append(text);
  if (told.usage)
    for (const auto count : {told.usage->input, told.usage->output, told.usage->cache_read,
                             told.usage->cache_write, told.usage->reasoning})
      out.append(" ").append(std::to_string(count));
  if (told.cost_usd) out.append(" $").append(std::to_string(*told.cost_usd));
  return out.append(told.is_error ? " error" : "")
      .append(" ms=")
      .append(std::to_string(told.duration_ms) + " #" + std::to_string(told.ordinal));
}

using MakeReader = std::function<std::unique_ptr<LogReader>()>;

enum class AtEnd { goes_on, settles, finishes };

/// What a reader tells of these lines; with another one that goes on behind the first `split`.
inline std::vector<ToldRecord> tell_log(const MakeReader& make, std::string_view text,
                                        AtEnd at_end = AtEnd::settles,
                                        std::size_t split = std::string_view::npos) {
  std::vector<ToldRecord> told;
  const auto sink = [&told](const Record& record) { told.push_back(tell(record)); };
  auto reader = make();
  LineSplitter lines;
  Line line;
  lines.feed(text);
  std::size_t count = 0;
  const auto read = [&] {
    if (count++ == split) {
      const std::string state = reader->save();
      EXPECT_LE(state.size(), LogReader::kMaxStateBytes);
      reader = make();
      EXPECT_TRUE(reader->restore(state));
      EXPECT_EQ(reader->save(), state);
    }
    reader->read(line, sink);
  };
  while (lines.next(line)) read();
  if (lines.last(line)) read();
  if (at_end == AtEnd::settles) reader->settle(sink);
  if (at_end == AtEnd::finishes) reader->finish(sink);
  return told;
}

/// Reading in two parts tells the same as in one, wherever the second begins.
inline void expect_same_in_two_parts(const MakeReader& make, const std::string& text) {
  const auto whole = tell_log(make, text, AtEnd::finishes);
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  ASSERT_GT(lines, 1u);
  for (std::size_t split = 0; split < lines; ++split) {
    const auto parts = tell_log(make, text, AtEnd::finishes, split);
    ASSERT_EQ(parts.size(), whole.size()) << split;
    for (std::size_t i = 0; i < whole.size(); ++i)
      EXPECT_EQ(dump(parts[i]), dump(whole[i])) << split << " " << i;
  }
  EXPECT_FALSE(make()->restore(StateWriter("another reader").take()));
  EXPECT_FALSE(make()->restore("x"));
}

}  // namespace agents
