#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agents/document_reader.h"
#include "agents/log_reader.h"
#include "base/assert.h"
#include "base/json_reader.h"

/// What holds for every conversation, whatever is in its log.
namespace conversation_check {

inline void check_json(std::string_view text) {
  static base::json::Document document;
  ASSERT(text.empty() || document.parse(text).ok());
}

/// A record that reads back, as far as two readings must agree on it.
inline std::string check(const agents::Record& record) {
  ASSERT(record.kind >= agents::Record::Kind::session_start);
  ASSERT(!record.native_id.empty());
  check_json(record.input_json);
  check_json(record.output_json);
  std::set<std::string_view> names;
  for (const agents::Field& field : record.data) {
    ASSERT(names.insert(field.name).second);
    if (const auto* json = std::get_if<agents::Field::Json>(&field.value)) check_json(json->text);
  }
  if (record.usage)
    for (const std::int64_t count :
         {record.usage->input, record.usage->output, record.usage->cache_read,
          record.usage->cache_write, record.usage->reasoning})
      ASSERT(count >= 0);
  ASSERT(record.duration_ms >= 0);
  std::string out = std::to_string(static_cast<int>(record.kind));
  for (const std::string_view text :
       {record.native_id, record.session_id, record.text, record.tool_name, record.input_json,
        record.output_json, record.file_path, record.model})
    out.append("|").append(text);
  return out;
}

using MakeReader = std::function<std::unique_ptr<agents::LogReader>()>;

/// Reads `bytes` with one reader, or with as many as there are lines, each going on where the one
/// before it stopped.
inline std::vector<std::string> read(const MakeReader& make, std::string_view bytes,
                                     bool in_parts) {
  std::vector<std::string> told;
  const auto sink = [&told](const agents::Record& record) { told.push_back(check(record)); };
  auto reader = make();
  agents::LineSplitter lines;
  agents::Line line;
  const auto read_line = [&] {
    reader->read(line, sink);
    if (!in_parts) return;
    const std::string state = reader->save();
    ASSERT(state.size() <= agents::LogReader::kMaxStateBytes);
    reader = make();
    ASSERT(reader->restore(state));
  };
  lines.feed(bytes);
  while (lines.next(line)) read_line();
  if (lines.last(line)) read_line();
  reader->finish(sink);
  return told;
}

inline void check_log(const MakeReader& make, std::string_view bytes) {
  ASSERT(read(make, bytes, false) == read(make, bytes, true));
  auto reader = make();
  reader->restore(bytes);  // a state that is none does no harm
}

/// Reads `bytes` as a file, twice.
template <class Reader>
void check_document(std::string_view bytes, const char* name) {
  static const std::filesystem::path folder = [] {
    std::string path = (std::filesystem::temp_directory_path() / "conversation-XXXXXX").string();
    ASSERT(::mkdtemp(path.data()) != nullptr);
    return path;
  }();
  static const int removal = std::atexit([] { std::filesystem::remove_all(folder); });
  ASSERT(removal == 0);
  const std::string path = (folder / name).string();
  std::ofstream(path, std::ios::binary) << bytes;
  const std::atomic<bool> stopping = false;
  std::vector<std::string> told[2];
  Reader reader;
  for (auto& records : told) {
    const auto result = reader.read(
        path, [&records](const agents::Record& record) { records.push_back(check(record)); },
        stopping);
    ASSERT(result.ok() || result.error().code == base::Errc::corrupt);
  }
  ASSERT(told[0] == told[1]);
}

}  // namespace conversation_check
