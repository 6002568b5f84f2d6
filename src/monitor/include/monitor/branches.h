#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/mutex.h"
#include "base/task.h"
#include "base/worker_pool.h"

namespace monitor {

/// Which git branch a project's checkout is on: `<projects dir>/<project>`.
///
/// Reads `.git/HEAD` of the folder or of the nearest folder above it; no git program is started.
/// Answers, failures too, hold for a minute. Thread: any; `prepare` from an executor's thread.
class Branches {
 public:
  static constexpr std::chrono::seconds kFresh{60};
  static constexpr std::size_t kMaxProjects = 4096;

  Branches(std::string projects_dir, base::WorkerPool& pool)
      : projects_dir_(std::move(projects_dir)), pool_(pool) {}

  /// Sees to it that the answer for `project` is there, or on its way. Waits only for the first
  /// answer about a project, and only while the workers are idle: an event never stands in line
  /// behind queries. Names with a path separator or `..` are never looked up.
  base::Task<void> prepare(std::string project);

  /// The last answer: a branch, `HEAD` when detached, nothing when there is no repository or it
  /// has not been looked up.
  std::optional<std::string> known(const std::string& project);

 private:
  struct Answer {
    std::optional<std::string> branch;
    std::chrono::steady_clock::time_point at;
  };
  enum class Age { fresh, stale, unknown };

  Age age_of(const std::string& project);
  base::Task<void> refresh(std::string project);

  std::string projects_dir_;
  base::WorkerPool& pool_;
  base::Mutex mutex_;
  std::unordered_map<std::string, Answer> answers_ GUARDED_BY(mutex_);
};

/// The branch that is checked out in `folder`, as `git rev-parse --abbrev-ref HEAD` prints it.
std::optional<std::string> branch_of(const std::string& folder);

}  // namespace monitor
