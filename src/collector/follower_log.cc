#include "follower_log.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

namespace collector {
namespace {

namespace fs = std::filesystem;
using agents::FileStamp;

constexpr std::string_view kWriteAheadLog = "-wal";

bool is_database(agents::Format format) {
  using agents::Format;
  return format == Format::cursor_state || format == Format::cursor_workspace ||
         format == Format::cursor_chat || format == Format::opencode_database;
}

void add(FileStamp& stamp, const FileStamp& other) {
  stamp.bytes += other.bytes;
  stamp.modified_ns = std::max(stamp.modified_ns, other.modified_ns);
}

/// OpenCode's older storage has a file for each message of a session, and one for each part of a
/// message: storage/message/SESSION/MESSAGE.json, storage/part/MESSAGE/PART.json. Parts are not
/// looked at one by one: their folder changes with each new one, and the message when it is done.
void add_messages(const std::string& path, FileStamp& stamp) {
  const fs::path storage = fs::path(path).parent_path().parent_path().parent_path();
  std::error_code error;
  fs::directory_iterator messages(storage / "message" / fs::path(path).stem(), error);
  for (; !error && messages != fs::directory_iterator(); messages.increment(error)) {
    if (const auto message = agents::stamp_of(messages->path().string())) add(stamp, *message);
    struct stat parts {};
    const fs::path folder = storage / "part" / messages->path().stem();
    if (::stat(folder.c_str(), &parts) == 0)
      stamp.modified_ns =
          std::max(stamp.modified_ns, parts.st_mtim.tv_sec * 1'000'000'000 + parts.st_mtim.tv_nsec);
  }
}

}  // namespace

std::unique_ptr<agents::LogReader> make_reader(const Cursor& cursor, agents::Telling telling,
                                               const agents::ReaderOptions& options) {
  if (telling == agents::Telling::lines)
    return agents::make_reader(cursor.agent, cursor.path, options.default_model);
  return agents::make_line_reader(cursor.format, cursor.path, options);
}

base::Result<agents::FileStamp> stamp_of_log(agents::Format format, const std::string& path) {
  TRY(agents::FileStamp stamp, agents::stamp_of(path));
  if (format == agents::Format::opencode_session) add_messages(path, stamp);
  if (!is_database(format)) return stamp;
  if (const auto log = agents::stamp_of(path + std::string(kWriteAheadLog))) add(stamp, *log);
  return stamp;
}

bool may_be_cut(agents::Format format) {
  return agents::shape_of(format) == agents::Shape::document && !is_database(format);
}

std::string_view log_of(std::string_view path) {
  if (path.ends_with(kWriteAheadLog)) path.remove_suffix(kWriteAheadLog.size());
  return path;
}

std::vector<std::string> folders_on_the_way(const agents::Location& location) {
  std::vector<std::string> folders;
  std::error_code ignored;
  const std::string begin = agents::constant_prefix(location.pattern);
  if (!std::filesystem::is_directory(begin, ignored)) {
    // In the nearest folder that is there, the next one will appear.
    std::filesystem::path above = begin;
    while (above.has_relative_path() && !std::filesystem::is_directory(above, ignored))
      above = above.parent_path();
    if (above.has_relative_path()) folders.push_back(above.string());
    return folders;
  }
  folders.push_back(begin);
  // Then, one component after the other, what matches the pattern so far.
  for (std::size_t at = location.pattern.find('/', begin.size() + 1); at != std::string::npos;
       at = location.pattern.find('/', at + 1)) {
    agents::Location part = location;
    part.pattern.resize(at);
    if (part.pattern.ends_with("**")) break;
    for (agents::Source& source : agents::find_sources(part))
      if (source.is_folder) folders.push_back(std::move(source.path));
  }
  return folders;
}

}  // namespace collector
