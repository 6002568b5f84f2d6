#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace collector {

/// What a folder's git repository says of it.
struct GitFacts {
  std::string remote;  // normalised; `file://<folder>` when there is none
  std::string branch;  // empty when HEAD is on none
  std::string commit;  // empty when there is none yet
};

/// `https://HOST/PATH`, whichever way the remote is written: without credentials, port, `.git` and
/// slashes at its end; the host in lower case. `http://` is kept.
std::string normalised_remote(std::string_view remote);

/// Reads the repository that is rooted at `folder`, or a worktree of one; runs no program.
/// Blocks: for a worker thread. `not_found`: "failed to open git repository", "failed to get
/// origin remote", "no remote URL configured", "failed to get HEAD".
base::Result<GitFacts> read_git_facts(const std::string& folder);

/// The nearest folder above `path`, or itself, that holds a repository.
/// `not_found`: "not a git repository: <path>".
base::Result<std::string> repository_root(const std::string& path);

}  // namespace collector
