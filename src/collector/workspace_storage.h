#pragma once

#include <string>

#include "base/result.h"

namespace collector {

/// What a workspace of the VS Code family has open.
struct WorkspaceTarget {
  std::string path;  // of a folder, or of the file that lists several
  std::string type;  // `folder`, `multi-root`
};

/// Reads the workspace.json in `storage`, one of workspaceStorage's folders. Blocks.
/// `not_found` with the reason: nothing local, or nothing there any more.
base::Result<WorkspaceTarget> read_workspace_target(const std::string& storage);

}  // namespace collector
