#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace agents {

/// What an editor has open in the window that a folder below `workspaceStorage` belongs to.
struct WorkspaceFolder {
  std::string path;            // of the folder, or of the file that lists the folders
  bool is_multi_root = false;  // the latter
  bool is_local = true;        // false: on another machine, or in a container

  /// The folder to take for the working directory.
  std::string directory() const;
};

/// By the `workspace.json` there: its member `folder` or `workspace`, a URI. Nothing when there is
/// none, or it says nothing of a path.
std::optional<WorkspaceFolder> read_workspace_folder(const std::string& storage_directory);

/// The path of a URI (`file:///w/a%20b`, `vscode-remote://host/w`), percent-decoded; a path stays
/// as it is. Of Windows: without the slash before the drive.
std::string path_of_uri(std::string_view uri);

}  // namespace agents
