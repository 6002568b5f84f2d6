#pragma once

#include <cmath>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agents/formats.h"
#include "base/assert.h"
#include "base/json_reader.h"

/// What holds for every log that is told as a conversation, whatever is in it.
namespace conversation_check {

using MakeReader = std::function<std::unique_ptr<agents::LogReader>()>;

inline void check_json(std::string_view text) {
  static base::json::Document document;
  ASSERT(text.empty() || document.parse(text).ok());
}

inline void check_record(const agents::Record& record) {
  ASSERT(!record.native_id.empty());
  ASSERT(record.kind >= agents::Record::Kind::session_start);
  check_json(record.input_json);
  check_json(record.output_json);
  for (const auto& fields : {record.data, record.context})
    for (const agents::Field& field : fields)
      if (const auto* json = std::get_if<agents::Field::Json>(&field.value)) {
        ASSERT(!json->text.empty());
        check_json(json->text);
      }
  ASSERT(record.duration_ms >= 0);
  ASSERT(!record.cost_usd || std::isfinite(*record.cost_usd));
  if (record.usage)
    for (const std::int64_t count :
         {record.usage->input, record.usage->output, record.usage->cache_read,
          record.usage->cache_write, record.usage->reasoning})
      ASSERT(count >= 0);
}

/// Kind, id and text of each record; the reader is left, and another takes up its state, behind the
/// first `split` lines.
inline std::vector<std::string> tell(const MakeReader& make, std::string_view bytes,
                                     std::size_t block, std::size_t split,
                                     std::uint64_t* lines_read = nullptr) {
  std::vector<std::string> told;
  const auto sink = [&told](const agents::Record& record) {
    check_record(record);
    std::string& line = told.emplace_back(std::to_string(static_cast<int>(record.kind)));
    line.append(" ").append(record.native_id).append(" ").append(record.text);
    line.append(" ").append(record.input_json).append(" ").append(record.output_json);
  };
  auto reader = make();
  agents::LineSplitter lines;
  agents::Line line;
  const auto read = [&] {
    if (line.index == split) {
      const std::string state = reader->save();
      ASSERT(state.size() <= agents::LogReader::kMaxStateBytes);
      reader = make();
      ASSERT(reader->restore(state));
    }
    reader->read(line, sink);
  };
  for (; !bytes.empty(); bytes.remove_prefix(std::min(block, bytes.size()))) {
    lines.feed(bytes.substr(0, block));
    while (lines.next(line)) read();
  }
  if (lines.last(line)) read();
  if (lines_read) *lines_read = reader->counts().lines;
  reader->finish(sink);
  return told;
}

/// Reads `bytes` in three ways that must agree: at once, in small blocks, and by two readers.
inline void check(const MakeReader& make, std::string_view bytes) {
  constexpr std::size_t kNever = ~std::size_t{0};
  std::uint64_t lines = 0;
  const auto whole = tell(make, bytes, bytes.size(), kNever, &lines);
  ASSERT(tell(make, bytes, 7, kNever) == whole);
  ASSERT(tell(make, bytes, bytes.size(), lines / 2) == whole);
  (void)make()->restore(bytes.substr(0, agents::LogReader::kMaxStateBytes));
}

/// The same for a format of lines.
inline void check(agents::Format format, const std::uint8_t* data, std::size_t size) {
  const auto make = [format] { return make_line_reader(format, "/logs/chat.jsonl", {}); };
  check(make, {reinterpret_cast<const char*>(data), size});
}

}  // namespace conversation_check
