#include "workspace_storage.h"

#include <fmt/format.h>

#include <filesystem>

#include "agents/workspace_folder.h"

namespace collector {
namespace fs = std::filesystem;
using base::Errc;
using base::Error;
using base::Result;

Result<WorkspaceTarget> read_workspace_target(const std::string& storage) {
  std::error_code error;
  const fs::path file = fs::path(storage) / "workspace.json";
  const Error unresolved{
      Errc::not_found,
      fs::exists(fs::path(storage) / "meta.json", error) && !fs::exists(file, error)
          ? "workspace path resolution from meta.json not implemented"
          : fmt::format("could not resolve workspace path from {}", storage)};
  const auto folder = agents::read_workspace_folder(storage);
  const bool is_here = folder && folder->is_local && folder->path.starts_with('/') &&
                       folder->path.find('\0') == std::string::npos;
  if (!is_here) return unresolved;
  if (!fs::exists(folder->path, error))
    return Error{Errc::not_found, fmt::format("project path does not exist: {}", folder->path)};
  return WorkspaceTarget{folder->path, folder->is_multi_root ? "multi-root" : "folder"};
}

}  // namespace collector
