#include "agents/discovery.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/text.h"

namespace agents {
namespace {

namespace fs = std::filesystem;

/// The JSONL files below `folder`, in every folder that `enter` allows.
template <class Enter>
void collect(const fs::path& folder, int depth, const Enter& enter, std::vector<FoundLog>& found,
             Agent agent) {
  constexpr int kMaxDepth = 16;
  std::error_code error;
  fs::directory_iterator entries(folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const fs::directory_entry& entry = *entries;
    std::error_code ignored;
    if (entry.is_symlink(ignored) ? false : entry.is_directory(ignored)) {
      if (depth < kMaxDepth && enter(entry.path(), depth))
        collect(entry.path(), depth + 1, enter, found, agent);
    } else if (depth > 0 && entry.path().extension() == ".jsonl" &&
               entry.is_regular_file(ignored)) {
      found.push_back({agent, entry.path().string()});
    }
  }
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (const auto part = base::trim(list.substr(0, comma)); !part.empty())
      parts.emplace_back(part);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return parts;
}

}  // namespace

Places Places::of(
    const std::function<std::optional<std::string>(const std::string&)>& environment) {
  const auto set = [&](const std::string& name) { return environment(name).value_or(""); };
  const fs::path home = set("HOME");
  Places places;
  const std::string own = set("AGENTMONITOR_CLAUDE_DIR");
  std::vector<std::string> folders = split(own.empty() ? set("CLAUDE_CONFIG_DIR") : own);
  if (folders.empty() && !home.empty()) folders = {(home / ".claude").string()};
  for (const std::string& folder : folders)
    places.claude_projects.push_back((fs::path(folder) / "projects").string());
  const std::string codex = set("CODEX_HOME");
  if (!codex.empty() || !home.empty())
    places.codex_home = codex.empty() ? (home / ".codex").string() : codex;
  return places;
}

std::vector<FoundLog> find_logs(const Places& places, Agent agent) {
  std::vector<FoundLog> found;
  if (agent == Agent::claude_code) {
    // Outputs of tools, which may be JSONL too, are no logs.
    const auto enter = [](const fs::path& folder, int) {
      return folder.filename() != "tool-results";
    };
    for (const std::string& root : places.claude_projects) collect(root, 0, enter, found, agent);
  } else {
    const auto enter = [](const fs::path&, int) { return true; };
    // Depth 1: files right in `sessions` count too.
    if (!places.codex_home.empty())
      collect(fs::path(places.codex_home) / "sessions", 1, enter, found, agent);
  }
  std::sort(found.begin(), found.end(),
            [](const FoundLog& a, const FoundLog& b) { return a.path < b.path; });
  const auto same = [](const FoundLog& a, const FoundLog& b) { return a.path == b.path; };
  found.erase(std::unique(found.begin(), found.end(), same), found.end());
  return found;
}

std::string codex_default_model(const std::string& codex_home) {
  std::ifstream file(fs::path(codex_home) / "config.toml");
  constexpr std::string_view kKey = "model";
  for (std::string line; std::getline(file, line);) {
    std::string_view rest = line;
    if (!rest.starts_with(kKey)) continue;
    rest = base::trim(rest.substr(kKey.size()));
    if (!rest.starts_with('=')) continue;
    rest = base::trim(rest.substr(1));
    if (!rest.starts_with('"')) continue;
    rest.remove_prefix(1);
    const std::size_t end = rest.find('"');
    if (end != rest.npos && end > 0) return std::string(rest.substr(0, end));
  }
  return {};
}

}  // namespace agents
