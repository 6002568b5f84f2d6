// sightline_parse_logs: how fast each format of agents' logs is read, on one thread and by the CPU
// time that it takes, which others on the machine disturb least. Prints a line for each: its name,
// megabytes a second, records. The only benchmark that links a module of the program.

#include <ctime>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agents/formats.h"
#include "agents/log_file.h"
#include "log_shapes.h"

namespace {

namespace fs = std::filesystem;
using agents::Format;

constexpr int kRuns = 5;

struct Shape {
  std::string_view name;
  Format format;
  std::string_view file_name;
  bench::WriteLog* write;
};

constexpr Shape kShapes[] = {
    {"claude", Format::claude_code, "s.jsonl", bench::write_claude},
    {"codex", Format::codex, "rollout-s.jsonl", bench::write_codex},
    {"copilot_chat", Format::copilot_chat, "s.json", bench::write_copilot_chat},
    {"copilot_chat_large", Format::copilot_chat, "s.json", bench::write_copilot_chat_large},
    {"copilot_chat_log", Format::copilot_chat_log, "s.jsonl", bench::write_copilot_chat_log},
    {"copilot_cli", Format::copilot_cli, "events.jsonl", bench::write_copilot_cli},
    {"cursor_state", Format::cursor_state, "state.vscdb", bench::write_cursor_state},
    {"cursor_transcript", Format::cursor_transcript, "s.jsonl", bench::write_cursor_transcript},
    {"gemini", Format::gemini_chat_log, "s.jsonl", bench::write_gemini},
    {"opencode", Format::opencode_database, "opencode.db", bench::write_opencode},
    {"generic", Format::generic, "s.jsonl", bench::write_generic},
};

double thread_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// What has been told, looked at so that nobody can leave it out.
struct Told {
  std::uint64_t records = 0, bytes = 0;
  void operator()(const agents::Record& record) {
    ++records;
    bytes += record.text.size() + record.input_json.size() + record.output_json.size();
  }
};

/// False: it could not be read.
bool read(const Shape& shape, const std::string& path, Told& told) {
  const auto sink = [&told](const agents::Record& record) { told(record); };
  if (agents::shape_of(shape.format) == agents::Shape::document) {
    const auto reader = agents::make_document_reader(shape.format, {});
    const std::atomic<bool> never = false;
    return reader->read(path, sink, never).ok() && reader->counts().broken == 0;
  }
  auto file = agents::LogFile::open(path, agents::make_line_reader(shape.format, path, {}),
                                    agents::LogFile::Hashing::no);
  return file && file->read(sink, [] { return false; }).ok() && file->counts().broken == 0;
}

bool measure(const Shape& shape, const fs::path& folder, std::size_t bytes) {
  const fs::path path = folder / shape.file_name;
  shape.write(path, bytes);
  const double megabytes = static_cast<double>(fs::file_size(path)) / 1e6;
  std::vector<double> seconds;
  Told told;
  for (int run = 0; run < kRuns; ++run) {
    told = {};
    const double begin = thread_seconds();
    if (!read(shape, path.string(), told) || told.bytes == 0) return false;
    seconds.push_back(thread_seconds() - begin);
  }
  std::sort(seconds.begin(), seconds.end());
  std::printf("%s %.1f %llu\n", std::string(shape.name).c_str(), megabytes / seconds[kRuns / 2],
              static_cast<unsigned long long>(told.records));
  std::fflush(stdout);
  fs::remove(path);
  return true;
}

}  // namespace

int main(int count, char** values) {
  std::size_t megabytes = 0;
  if (count >= 3) std::from_chars(values[2], values[2] + std::strlen(values[2]), megabytes);
  if (megabytes == 0 || count > 4) {
    std::fprintf(stderr, "usage: sightline_parse_logs FOLDER MEGABYTES [FORMAT]\n");
    return 2;
  }
  for (const Shape& shape : kShapes) {
    if (count == 4 && shape.name != values[3]) continue;
    if (measure(shape, values[1], megabytes * 1'000'000)) continue;
    std::fprintf(stderr, "%s was not read\n", std::string(shape.name).c_str());
    return 1;
  }
  return 0;
}
