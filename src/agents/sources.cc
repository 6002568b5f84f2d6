#include <algorithm>
#include <filesystem>
#include <fstream>

#include "agents/locations.h"
#include "base/text.h"

namespace agents {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxDepth = 16;  // of folders below a source or a `**`
constexpr std::size_t kSampleBytes = std::size_t{64} << 10;

/// Whether `name` is as `pattern` says, where `*` stands for anything.
bool matches(std::string_view pattern, std::string_view name) {
  const std::size_t star = pattern.find('*');
  if (star == pattern.npos) return pattern == name;
  if (!name.starts_with(pattern.substr(0, star))) return false;
  pattern.remove_prefix(star + 1);
  for (std::size_t skip = star; skip <= name.size(); ++skip)
    if (matches(pattern, name.substr(skip))) return true;
  return false;
}

std::vector<fs::directory_entry> entries_of(const fs::path& folder) {
  std::vector<fs::directory_entry> entries;
  std::error_code error;
  fs::directory_iterator all(folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && all != fs::directory_iterator(); all.increment(error)) entries.push_back(*all);
  return entries;
}

bool is_real_folder(const fs::directory_entry& entry) {
  std::error_code ignored;
  return !entry.is_symlink(ignored) && entry.is_directory(ignored);
}

/// The paths that `rest` matches below `path`.
void expand(const fs::path& path, std::string_view rest, int depth, std::vector<fs::path>& found) {
  rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
  if (rest.empty()) {
    found.push_back(path);
    return;
  }
  const std::string_view name = rest.substr(0, rest.find('/'));
  const std::string_view behind = rest.substr(name.size());
  if (name == "**") {
    expand(path, behind, depth, found);
    if (depth >= kMaxDepth) return;
    for (const fs::directory_entry& entry : entries_of(path))
      if (is_real_folder(entry)) expand(entry.path(), rest, depth + 1, found);
  } else if (name.find('*') != name.npos) {
    for (const fs::directory_entry& entry : entries_of(path))
      if (matches(name, entry.path().filename().string()))
        expand(entry.path(), behind, depth, found);
  } else {
    expand(path / name, behind, depth, found);
  }
}

bool has_component(std::string_view path, std::string_view name) {
  for (const fs::path& part : fs::path(path))
    if (part == name) return true;
  return false;
}

/// By its ending, or by a word in its name.
bool is_log_name(const std::string& path) {
  const fs::path file(path);
  const std::string ending = base::to_lower(file.extension().string());
  for (const std::string_view known : {".log", ".txt", ".json", ".jsonl", ".ndjson"})
    if (ending == known) return true;
  const std::string name = base::to_lower(file.filename().string());
  for (const std::string_view word :
       {"log", "output", "console", "trace", "debug", "error", "access"})
    if (name.find(word) != name.npos) return true;
  return false;
}

Agent agent_of(Format format) {
  switch (format) {
    case Format::claude_code:
    case Format::claude_log:
      return Agent::claude_code;
    case Format::codex:
      return Agent::codex;
    case Format::copilot_chat:
    case Format::copilot_chat_log:
    case Format::copilot_cli:
    case Format::copilot_completions:
      return Agent::copilot;
    case Format::gemini_chat:
    case Format::gemini_chat_log:
      return Agent::gemini;
    case Format::opencode_database:
    case Format::opencode_session:
      return Agent::opencode;
    case Format::generic:
      return Agent::generic;
    case Format::cursor_state:
    case Format::cursor_workspace:
    case Format::cursor_transcript:
    case Format::cursor_text:
    case Format::cursor_chat:
    case Format::cursor_log:
      break;
  }
  return Agent::cursor;
}

/// What the name of an agent's file, and those of the folders around it, say.
std::optional<Format> format_by_name(Agent agent, const std::string& path) {
  const fs::path file(path);
  const std::string name = file.filename().string(), ending = file.extension().string();
  const bool is_lines = ending == ".jsonl", is_document = ending == ".json";
  const auto is_in = [&path](std::string_view folder) { return has_component(path, folder); };
  switch (agent) {
    case Agent::claude_code:
      if (is_lines && is_in("projects")) return Format::claude_code;
      break;
    case Agent::codex:
      if (is_lines) return Format::codex;
      break;
    case Agent::copilot:
      if (is_lines && is_in("session-state")) return Format::copilot_cli;
      if (is_lines) return Format::copilot_chat_log;
      if (is_document) return Format::copilot_chat;
      if (ending == ".log") return Format::copilot_completions;
      break;
    case Agent::cursor:
      if (name == "state.vscdb")
        return is_in("workspaceStorage") ? Format::cursor_workspace : Format::cursor_state;
      if (name == "store.db") return Format::cursor_chat;
      if (is_in("agent-transcripts") && is_lines) return Format::cursor_transcript;
      if (is_in("agent-transcripts") && ending == ".txt") return Format::cursor_text;
      break;
    case Agent::gemini:
      if (is_lines) return Format::gemini_chat_log;
      if (is_document) return Format::gemini_chat;
      break;
    case Agent::opencode:
      if (ending == ".db") return Format::opencode_database;
      if (is_document) return Format::opencode_session;
      break;
    case Agent::generic:
    case Agent::cline:
    case Agent::aider:
      break;
  }
  return std::nullopt;
}

/// What a log's first bytes say, as far as it can be one of `agent`.
std::optional<Format> format_by_content(Agent agent, const std::string& path) {
  if (agent == Agent::generic) return Format::generic;
  if (agent != Agent::claude_code && agent != Agent::cursor) return std::nullopt;
  std::string sample(kSampleBytes, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(sample.data(), static_cast<std::streamsize>(sample.size()));
  sample.resize(static_cast<std::size_t>(file.gcount()));
  if (const auto format = detect(sample); format && agent_of(*format) == agent) return format;
  return agent == Agent::cursor ? Format::cursor_log : Format::claude_log;
}

/// Whether a file in a place whose logs all have this format is one of them.
bool fits(Format format, const Source& source, const std::string& path) {
  const bool is_lines = fs::path(path).extension() == ".jsonl";
  // Outputs of tools, which may be JSONL too, are no logs.
  const std::string_view below = std::string_view(path).substr(source.path.size());
  if (format == Format::claude_code) return is_lines && !has_component(below, "tool-results");
  if (format == Format::codex || format == Format::copilot_cli) return is_lines;
  if (format == Format::opencode_session) return fs::path(path).extension() == ".json";
  return true;
}

void collect(const Source& source, const fs::path& folder, int depth,
             std::vector<LogLocation>& logs) {
  for (const fs::directory_entry& entry : entries_of(folder)) {
    std::error_code ignored;
    if (is_real_folder(entry)) {
      if (depth < kMaxDepth) collect(source, entry.path(), depth + 1, logs);
    } else if (entry.is_regular_file(ignored)) {
      const std::string path = entry.path().string();
      if (const auto format = format_of(source, path))
        logs.push_back({source.agent, *format, path});
    }
  }
}

}  // namespace

std::vector<Source> find_sources(const Location& location) {
  if (location.pattern.empty()) return {};
  std::vector<fs::path> paths;
  const bool is_absolute = location.pattern.front() == '/';
  expand(is_absolute ? "/" : "", location.pattern, 0, paths);
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  std::vector<Source> sources;
  for (const fs::path& path : paths) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    const bool is_folder = fs::is_directory(status);
    if (is_folder || fs::is_regular_file(status))
      sources.push_back({location.agent, path.string(), is_folder, location.format});
  }
  return sources;
}

std::vector<LogLocation> logs_of(const Source& source) {
  std::vector<LogLocation> logs;
  if (source.is_folder)
    collect(source, source.path, 0, logs);
  else if (const auto format = format_of(source, source.path))
    logs.push_back({source.agent, *format, source.path});
  std::sort(logs.begin(), logs.end(),
            [](const LogLocation& a, const LogLocation& b) { return a.path < b.path; });
  return logs;
}

std::optional<Format> format_of(const Source& source, const std::string& path) {
  if (source.format)
    return path.starts_with(source.path) && fits(*source.format, source, path) ? source.format
                                                                               : std::nullopt;
  if (source.agent == Agent::cline || source.agent == Agent::aider) return std::nullopt;
  auto format = format_by_name(source.agent, path);
  if (!format && is_log_name(path)) format = format_by_content(source.agent, path);
  if (format == Format::copilot_chat || format == Format::gemini_chat) {
    std::error_code ignored;
    if (fs::exists(fs::path(path).replace_extension(".jsonl"), ignored)) return std::nullopt;
  }
  return format;
}

std::string constant_prefix(std::string_view pattern) {
  const std::size_t star = pattern.find('*');
  if (star == pattern.npos) return std::string(pattern);
  const std::size_t slash = pattern.substr(0, star).rfind('/');
  if (slash == pattern.npos) return ".";
  return std::string(pattern.substr(0, std::max<std::size_t>(slash, 1)));
}

std::string_view workspace_hash(std::string_view path) {
  constexpr std::string_view kFolder = "workspaceStorage";
  const std::string_view slashes = this_system() == System::windows ? "/\\" : "/";
  while (!path.empty()) {
    const std::size_t end = std::min(path.find_first_of(slashes), path.size());
    const bool is_folder = path.substr(0, end) == kFolder;
    path.remove_prefix(std::min(end + 1, path.size()));
    if (is_folder) return path.substr(0, path.find_first_of(slashes));
  }
  return {};
}

}  // namespace agents
