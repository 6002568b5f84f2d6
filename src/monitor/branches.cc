#include "monitor/branches.h"

#include <filesystem>
#include <fstream>

#include "base/text.h"

// Formats: gitrepository-layout(5) for HEAD, gitfile(5) for a `.git` that is a file (worktrees and
// submodules).

namespace monitor {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxHeadBytes = 4096;

std::string first_line(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxHeadBytes, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return std::string(base::trim(std::string_view(text).substr(0, text.find('\n'))));
}

std::optional<fs::path> git_dir(fs::path folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) return std::nullopt;
  folder = fs::canonical(folder, error);
  for (;; folder = folder.parent_path()) {
    const fs::path dot_git = folder / ".git";
    if (fs::is_directory(dot_git, error)) return dot_git;
    if (fs::is_regular_file(dot_git, error)) {
      constexpr std::string_view kPrefix = "gitdir:";
      const std::string line = first_line(dot_git);
      if (!line.starts_with(kPrefix)) return std::nullopt;
      const fs::path target = std::string(base::trim(line.substr(kPrefix.size())));
      return target.is_absolute() ? target : folder / target;
    }
    if (!folder.has_relative_path()) return std::nullopt;
  }
}

/// Whether `ref` points to a commit: a branch without any has a name, but git gives none.
bool has_commit(const fs::path& dir, const std::string& ref) {
  std::error_code error;
  // A worktree keeps its own HEAD; its branches are those of the repository.
  const std::string shared = first_line(dir / "commondir");
  const fs::path common = shared.empty()                   ? dir
                          : fs::path(shared).is_absolute() ? fs::path(shared)
                                                           : dir / shared;
  if (fs::is_regular_file(common / ref, error)) return true;
  std::ifstream packed(common / "packed-refs");
  for (std::string line; std::getline(packed, line);)
    if (line.ends_with(" " + ref)) return true;
  return false;
}

}  // namespace

std::optional<std::string> branch_of(const std::string& folder) {
  const auto dir = git_dir(folder);
  if (!dir) return std::nullopt;
  const std::string head = first_line(*dir / "HEAD");
  constexpr std::string_view kRef = "ref: ", kHeads = "refs/heads/";
  if (head.empty()) return std::nullopt;
  if (!head.starts_with(kRef)) return "HEAD";
  const std::string ref = head.substr(kRef.size());
  if (!ref.starts_with(kHeads) || !has_commit(*dir, ref)) return std::nullopt;
  return ref.substr(kHeads.size());
}

Branches::Age Branches::age_of(const std::string& project) {
  const bool is_name = !project.empty() &&
                       project.find_first_of(std::string_view("/\\\0", 3)) == project.npos &&
                       project.find("..") == project.npos && project != ".";
  if (!is_name) return Age::fresh;  // nothing to look up
  const auto now = std::chrono::steady_clock::now();
  const base::MutexLock lock(mutex_);
  const auto found = answers_.find(project);
  if (found == answers_.end()) return Age::unknown;
  if (now - found->second.at <= kFresh) return Age::fresh;
  found->second.at = now;  // asked for once, not by every event until the answer is there
  return Age::stale;
}

base::Task<void> Branches::prepare(std::string project) {
  const Age age = age_of(project);
  if (age == Age::fresh) co_return;
  if (age == Age::unknown && pool_.waiting() == 0) {
    co_await refresh(std::move(project));
  } else {
    refresh(std::move(project)).detach();
  }
}

base::Task<void> Branches::refresh(std::string project) {
  using Found = std::optional<std::string>;
  std::function<base::Result<Found>(std::size_t)> look_up =
      [folder = (fs::path(projects_dir_) / project).string()](std::size_t) -> base::Result<Found> {
    return branch_of(folder);
  };
  auto found = co_await pool_.run<Found>(std::move(look_up));
  if (!found) co_return;  // too busy: the next event asks again
  const base::MutexLock lock(mutex_);
  if (answers_.size() >= kMaxProjects) answers_.clear();
  answers_[project] = {std::move(*found), std::chrono::steady_clock::now()};
}

std::optional<std::string> Branches::known(const std::string& project) {
  const base::MutexLock lock(mutex_);
  const auto found = answers_.find(project);
  return found == answers_.end() ? std::nullopt : found->second.branch;
}

}  // namespace monitor
