#include "collector/git_facts.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "base/text.h"
#include "base/utf8.h"

// Formats: gitrepository-layout(5), gitfile(5) for a `.git` that is a file (worktrees, submodules),
// git-config(1) for the remote, git-pack-refs(1).

namespace collector {
namespace {

namespace fs = std::filesystem;
using base::Errc;
using base::Error;
using base::Result;

constexpr std::size_t kMaxLine = 4096;
constexpr std::size_t kMaxConfig = std::size_t{256} << 10;
constexpr std::size_t kMaxPackedRefs = std::size_t{16} << 20;

Error missing(const char* what) { return {Errc::not_found, what}; }

std::string read_start(const fs::path& path, std::size_t limit) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return {};
  std::ifstream file(path, std::ios::binary);
  std::string text(std::min<std::size_t>(limit, fs::file_size(path, error) + 1), '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return text;
}

std::string first_line(const fs::path& path) {
  const std::string text = read_start(path, kMaxLine);
  return std::string(base::trim(std::string_view(text).substr(0, text.find('\n'))));
}

/// Where HEAD is, and where branches and configuration are; a worktree has its own HEAD only.
struct GitFolder {
  fs::path own, common;
};

std::optional<GitFolder> git_folder(const fs::path& folder) {
  std::error_code error;
  fs::path own = folder / ".git";
  if (fs::is_regular_file(own, error)) {
    constexpr std::string_view kPrefix = "gitdir:";
    const std::string line = first_line(own);
    if (!line.starts_with(kPrefix)) return std::nullopt;
    const fs::path target = std::string(base::trim(line.substr(kPrefix.size())));
    own = target.is_absolute() ? target : folder / target;
  }
  if (!fs::is_regular_file(own / "HEAD", error)) return std::nullopt;
  const fs::path shared = first_line(own / "commondir");
  return GitFolder{own, shared.empty() ? own : shared.is_absolute() ? shared : own / shared};
}

/// The first URL of the remote `origin`; nothing without such a section.
std::optional<std::string> origin_of(const std::string& config) {
  std::optional<std::string> url;
  bool is_origin = false;
  std::string line;
  for (std::istringstream lines(config); std::getline(lines, line);) {
    const std::string_view text = base::trim(line);
    if (text.starts_with('[')) {
      const std::string_view section = text.substr(1, text.find(']') - 1);
      const std::size_t space = std::min(section.find(' '), section.size());
      is_origin = base::iequals(section.substr(0, space), "remote") &&
                  base::trim(section.substr(space)) == "\"origin\"";
      if (is_origin && !url) url.emplace();
      continue;
    }
    const std::size_t equals = text.find('=');
    if (!is_origin || equals == text.npos || !url->empty()) continue;
    if (!base::iequals(base::trim(text.substr(0, equals)), "url")) continue;
    std::string_view value = base::trim(text.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    url = std::string(value);
  }
  return url;
}

bool is_hash(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789abcdef") == text.npos;
}

/// Of a branch; empty when it has none.
std::string commit_of(const GitFolder& git, const std::string& ref) {
  // A name that leads out of the folder is none that git writes.
  if (ref.find("..") != ref.npos || !ref.starts_with("refs/")) return {};
  if (std::string loose = first_line(git.common / ref); is_hash(loose)) return loose;
  std::string line;
  for (std::istringstream lines(read_start(git.common / "packed-refs", kMaxPackedRefs));
       std::getline(lines, line);) {
    const std::size_t space = line.find(' ');
    if (space != line.npos && line.substr(space + 1) == ref && is_hash(line.substr(0, space)))
      return line.substr(0, space);
  }
  return {};
}

std::string without_end(std::string text, std::string_view end) {
  while (!end.empty() && text.ends_with(end)) {
    text.resize(text.size() - end.size());
    if (end != "/") break;
  }
  return text;
}

}  // namespace

std::string normalised_remote(std::string_view remote) {
  std::string text(base::trim(remote));
  if (base::to_lower(text).starts_with("file://")) return text;
  std::string scheme = "https";
  const std::size_t mark = text.find("://");
  bool is_short = mark == text.npos;  // `user@host:path`, or a bare `host/path`
  if (!is_short) {
    if (base::iequals(text.substr(0, mark), "http")) scheme = "http";
    text.erase(0, mark + 3);
  }
  // Credentials end at the last @ in front of the path.
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::size_t at = text.substr(0, slash).rfind('@');
  if (at != text.npos) text.erase(0, at + 1);
  const std::size_t host_end = std::min(text.find_first_of(":/"), text.size());
  std::string host = base::to_lower(text.substr(0, host_end));
  std::string path = text.substr(host_end);
  if (path.starts_with(':')) {
    const std::size_t digits_end = std::min(path.find_first_not_of("0123456789", 1), path.size());
    const bool is_port = digits_end == path.size() || path[digits_end] == '/';
    if (is_port && !(is_short && at != text.npos))
      path.erase(0, digits_end);
    else
      path.replace(0, 1, "/");
  }
  const std::size_t first = std::min(path.find_first_not_of('/'), path.size());
  path.erase(0, first);
  path = without_end(without_end(without_end(std::move(path), "/"), ".git"), "/");
  return fmt::format("{}://{}{}{}", scheme, host, path.empty() ? "" : "/", path);
}

Result<GitFacts> read_git_facts(const std::string& folder) {
  const auto git = git_folder(folder);
  if (!git) return missing("failed to open git repository");
  const auto origin = origin_of(read_start(git->common / "config", kMaxConfig));
  if (!origin) return missing("failed to get origin remote");
  if (origin->empty()) return missing("no remote URL configured");
  GitFacts facts;
  facts.remote = base::to_utf8(normalised_remote(*origin));
  const std::string head = first_line(git->own / "HEAD");
  constexpr std::string_view kRef = "ref: ", kHeads = "refs/heads/";
  if (head.starts_with(kRef)) {
    const std::string ref = head.substr(kRef.size());
    facts.branch = base::to_utf8(ref.starts_with(kHeads) ? ref.substr(kHeads.size()) : ref);
    facts.commit = commit_of(*git, ref);
  } else if (is_hash(head)) {
    facts.commit = head;
  } else {
    return missing("failed to get HEAD");
  }
  return facts;
}

Result<std::string> repository_root(const std::string& path) {
  std::error_code error;
  for (fs::path folder = fs::absolute(path, error).lexically_normal(); !error;
       folder = folder.parent_path()) {
    if (git_folder(folder)) return folder.string();
    if (!folder.has_relative_path()) break;
  }
  return Error{Errc::not_found, fmt::format("not a git repository: {}", path)};
}

}  // namespace collector
