#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json_reader.h"
#include "base/result.h"
#include "store/sqlite.h"

/// What collectors tell about where agents work: machines, projects (repositories) and workspaces
/// (folders of a project on a machine). docs/api.md, "Collectors".
///
/// Thread: that of the database; what writes is for Ledger::change (uncounted).
namespace monitor {

struct Machine {
  std::int64_t id = 0;
  std::string machine_id;  // the collector's; unique
  std::string hostname, username, os_type, os_version, machine_type, ip_address;
  std::string metadata = "{}";  // JSON
  std::string created_at, last_seen_at;
};

struct Project {
  std::int64_t id = 0;
  std::string repo_url;  // unique
  std::string name, owner;
  std::string created_at, updated_at;

  /// `owner/name`, or the name alone.
  std::string full_name() const;
};

struct Workspace {
  std::int64_t id = 0;
  std::string workspace_id;  // the editor's, or the collector's; unique
  std::int64_t project = 0, machine = 0;
  std::string path, type = "folder", branch, commit;
  std::string created_at, last_seen_at;
};

/// Each reads a request's body: `invalid_argument` names the field.
base::Result<Machine> parse_machine(const base::json::Value& body);
base::Result<Workspace> parse_workspace(const base::json::Value& body);
/// The `repoUrl` of a project that is asked for.
base::Result<Project> parse_project(const base::json::Value& body);

namespace registry {

base::Result<void> create_tables(store::Database& db);

/// Each stores what is given over what is there, and returns it as it is now. An empty text leaves
/// what is there.
base::Result<Machine> put(store::Database& db, const Machine& machine);
base::Result<Project> put(store::Database& db, const Project& project);
/// `not_found` when its project or machine does not exist.
base::Result<Workspace> put(store::Database& db, const Workspace& workspace);

base::Result<std::vector<Machine>> machines(store::Database& db);
base::Result<std::vector<Project>> projects(store::Database& db);
base::Result<std::vector<Workspace>> workspaces(store::Database& db);
/// By the collector's id, or by ours.
base::Result<std::optional<Machine>> find_machine(store::Database& db, const std::string& id);
base::Result<std::optional<Workspace>> find_workspace(store::Database& db, const std::string& id);
base::Result<std::optional<Project>> find_project(store::Database& db, std::int64_t id);

}  // namespace registry

/// As clients of the older backend read them.
std::string to_json(const Machine& machine);
std::string to_json(const Project& project);
/// With its project and machine inside where they are given; readers of either shape of the older
/// backends find what they look for.
std::string to_json(const Workspace& workspace, const Project* project, const Machine* machine);

}  // namespace monitor
