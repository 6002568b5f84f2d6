#include "monitor/registry.h"

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/text.h"

namespace monitor {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using base::json::Kind;
using base::json::Value;
using base::json::Writer;
using store::Database;
using store::Statement;

constexpr std::size_t kMaxTextBytes = 4096;
constexpr std::size_t kMaxMetadataBytes = 16 * 1024;

constexpr std::string_view kTables = R"sql(
CREATE TABLE sightline_machines (
  id INTEGER PRIMARY KEY,
  machine_id TEXT NOT NULL UNIQUE,
  hostname TEXT NOT NULL, username TEXT NOT NULL, os_type TEXT NOT NULL, os_version TEXT NOT NULL,
  machine_type TEXT NOT NULL, ip_address TEXT NOT NULL, metadata TEXT NOT NULL,
  created_at TEXT NOT NULL, last_seen_at TEXT NOT NULL
);
CREATE TABLE sightline_projects (
  id INTEGER PRIMARY KEY,
  repo_url TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL, owner TEXT NOT NULL,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE TABLE sightline_workspaces (
  id INTEGER PRIMARY KEY,
  workspace_id TEXT NOT NULL UNIQUE,
  project INTEGER NOT NULL REFERENCES sightline_projects(id),
  machine INTEGER NOT NULL REFERENCES sightline_machines(id),
  path TEXT NOT NULL, type TEXT NOT NULL, branch TEXT NOT NULL, commit_hash TEXT NOT NULL,
  created_at TEXT NOT NULL, last_seen_at TEXT NOT NULL
);
)sql";

constexpr std::string_view kMachines =
    "SELECT id, machine_id, hostname, username, os_type, os_version, machine_type, ip_address, "
    "metadata, created_at, last_seen_at FROM sightline_machines";
constexpr std::string_view kProjects =
    "SELECT id, repo_url, name, owner, created_at, updated_at FROM sightline_projects";
constexpr std::string_view kWorkspaces =
    "SELECT id, workspace_id, project, machine, path, type, branch, commit_hash, created_at, "
    "last_seen_at FROM sightline_workspaces";

Machine to_machine(const Statement& row) {
  const auto text = [&row](int column) { return std::string(row.text(column)); };
  return {row.integer(0), text(1), text(2), text(3), text(4), text(5),
          text(6),        text(7), text(8), text(9), text(10)};
}
Project to_project(const Statement& row) {
  const auto text = [&row](int column) { return std::string(row.text(column)); };
  return {row.integer(0), text(1), text(2), text(3), text(4), text(5)};
}
Workspace to_workspace(const Statement& row) {
  const auto text = [&row](int column) { return std::string(row.text(column)); };
  return {row.integer(0), text(1), row.integer(2), row.integer(3), text(4),
          text(5),        text(6), text(7),        text(8),        text(9)};
}

template <class T>
Result<std::vector<T>> all(Database& db, std::string_view columns, T (*read)(const Statement&)) {
  std::vector<T> found;
  TRY(auto rows, db.prepare(fmt::format("{} ORDER BY id", columns)));
  for (;;) {
    TRY(const bool row, rows.step());
    if (!row) return found;
    found.push_back(read(rows));
  }
}

template <class T, class Key>
Result<std::optional<T>> one(Database& db, std::string_view columns, std::string_view where,
                             const Key& key, T (*read)(const Statement&)) {
  TRY(auto rows, db.prepare(fmt::format("{} WHERE {}", columns, where)));
  TRY(const bool row, rows.bind(key).step());
  if (!row) return std::optional<T>();
  return std::optional<T>(read(rows));
}

/// The members of a body that are texts.
class Fields {
 public:
  explicit Fields(const Value& body) : body_(body) {}

  Result<std::string> needed(std::string_view name) const {
    TRY(std::string text, optional(name));
    if (text.empty())
      return Error{Errc::invalid_argument,
                   fmt::format("{} must be a text that is not empty", name)};
    return text;
  }
  Result<std::string> optional(std::string_view name) const {
    const auto value = body_.is(Kind::object) ? body_.find(name) : std::nullopt;
    if (!value || value->is(Kind::null)) return std::string();
    if (!value->is(Kind::string) || value->text().size() > kMaxTextBytes)
      return Error{Errc::invalid_argument,
                   fmt::format("{} must be a text of at most {} bytes", name, kMaxTextBytes)};
    return std::string(base::trim(value->text()));
  }
  Result<std::int64_t> id(std::string_view name) const {
    const auto value = body_.is(Kind::object) ? body_.find(name) : std::nullopt;
    const auto number = value && value->is(Kind::number) ? value->to_int() : std::nullopt;
    if (!number || *number <= 0)
      return Error{Errc::invalid_argument, fmt::format("{} must be an integer above 0", name)};
    return *number;
  }
  Result<std::string> object(std::string_view name) const {
    const auto value = body_.is(Kind::object) ? body_.find(name) : std::nullopt;
    std::string json;
    if (value && value->is(Kind::object)) base::json::append_value(json, *value);
    if (json.size() > kMaxMetadataBytes)
      return Error{Errc::invalid_argument, fmt::format("{} must be an object of at most {} bytes",
                                                       name, kMaxMetadataBytes)};
    return json;
  }

 private:
  const Value& body_;
};

/// `2026-03-01 10:00:00` as clients read times.
std::string to_rfc3339(std::string sql) {
  if (sql.size() == 19) sql[10] = 'T', sql += 'Z';
  return sql;
}

void add(Writer& json, std::string_view name, const std::string& text) {
  if (!text.empty()) json.key(name).value(text);
}

}  // namespace

std::string Project::full_name() const { return owner.empty() ? name : owner + "/" + name; }

Result<Machine> parse_machine(const Value& body) {
  const Fields fields(body);
  Machine machine;
  TRY(machine.machine_id, fields.needed("machineId"));
  TRY(machine.hostname, fields.needed("hostname"));
  TRY(machine.username, fields.optional("username"));
  TRY(machine.os_type, fields.optional("osType"));
  TRY(machine.os_version, fields.optional("osVersion"));
  TRY(machine.machine_type, fields.optional("machineType"));
  TRY(machine.ip_address, fields.optional("ipAddress"));
  TRY(machine.metadata, fields.object("metadata"));
  return machine;
}

Result<Workspace> parse_workspace(const Value& body) {
  const Fields fields(body);
  Workspace workspace;
  TRY(workspace.project, fields.id("projectId"));
  TRY(workspace.machine, fields.id("machineId"));
  TRY(workspace.workspace_id, fields.needed("workspaceId"));
  TRY(workspace.path, fields.optional("workspacePath"));
  TRY(workspace.type, fields.optional("workspaceType"));
  TRY(workspace.branch, fields.optional("branch"));
  TRY(workspace.commit, fields.optional("commit"));
  return workspace;
}

Result<Project> parse_project(const Value& body) {
  const Fields fields(body);
  Project project;
  TRY(project.repo_url, fields.needed("repoUrl"));
  // https://host/owner/name, or file:///some/folder
  std::string_view path = project.repo_url;
  const bool is_folder = path.starts_with("file://");
  if (const std::size_t scheme = path.find("://"); scheme != path.npos)
    path.remove_prefix(scheme + 3);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.ends_with(".git")) path.remove_suffix(4);
  project.name = base::last_component(path);
  if (!is_folder) {
    const std::size_t host = path.find('/');
    const std::size_t name = path.rfind('/');
    if (host != path.npos && name > host) project.owner = path.substr(host + 1, name - host - 1);
  }
  if (project.name.empty())
    return Error{Errc::invalid_argument,
                 fmt::format("repoUrl names no repository: {}", project.repo_url)};
  return project;
}

namespace registry {

Result<void> create_tables(Database& db) { return db.execute(std::string(kTables)); }

Result<Machine> put(Database& db, const Machine& m) {
  TRY_OK(
      db.run("INSERT INTO sightline_machines VALUES(NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, "
             "coalesce(nullif(?8, ''), '{}'), datetime('now'), datetime('now')) "
             "ON CONFLICT(machine_id) DO UPDATE SET last_seen_at = excluded.last_seen_at, "
             "hostname = excluded.hostname, "
             "username = coalesce(nullif(excluded.username, ''), username), "
             "os_type = coalesce(nullif(excluded.os_type, ''), os_type), "
             "os_version = coalesce(nullif(excluded.os_version, ''), os_version), "
             "machine_type = coalesce(nullif(excluded.machine_type, ''), machine_type), "
             "ip_address = coalesce(nullif(excluded.ip_address, ''), ip_address), "
             "metadata = CASE WHEN ?8 = '' THEN metadata ELSE excluded.metadata END",
             m.machine_id, m.hostname, m.username, m.os_type, m.os_version, m.machine_type,
             m.ip_address, m.metadata));
  TRY(auto stored, find_machine(db, m.machine_id));
  return std::move(*stored);
}

Result<Project> put(Database& db, const Project& p) {
  TRY_OK(db.run(
      "INSERT INTO sightline_projects VALUES(NULL, ?1, ?2, ?3, datetime('now'), datetime('now')) "
      "ON CONFLICT(repo_url) DO UPDATE SET updated_at = excluded.updated_at",
      p.repo_url, p.name, p.owner));
  TRY(auto stored, one(db, kProjects, "repo_url = ?1", p.repo_url, to_project));
  return std::move(*stored);
}

Result<Workspace> put(Database& db, const Workspace& w) {
  TRY(const auto project, find_project(db, w.project));
  if (!project)
    return Error{Errc::not_found, fmt::format("projectId: there is no project {}", w.project)};
  TRY(const auto machine, one(db, kMachines, "id = ?1", w.machine, to_machine));
  if (!machine)
    return Error{Errc::not_found, fmt::format("machineId: there is no machine {}", w.machine)};
  TRY_OK(
      db.run("INSERT INTO sightline_workspaces VALUES(NULL, ?1, ?2, ?3, ?4, "
             "coalesce(nullif(?5, ''), 'folder'), ?6, ?7, datetime('now'), datetime('now')) "
             "ON CONFLICT(workspace_id) DO UPDATE SET last_seen_at = excluded.last_seen_at, "
             "project = excluded.project, machine = excluded.machine, "
             "path = coalesce(nullif(excluded.path, ''), path), "
             "type = CASE WHEN ?5 = '' THEN type ELSE excluded.type END, "
             "branch = excluded.branch, commit_hash = excluded.commit_hash",
             w.workspace_id, w.project, w.machine, w.path, w.type, w.branch, w.commit));
  TRY(auto stored, find_workspace(db, w.workspace_id));
  return std::move(*stored);
}

Result<std::vector<Machine>> machines(Database& db) { return all(db, kMachines, to_machine); }
Result<std::vector<Project>> projects(Database& db) { return all(db, kProjects, to_project); }
Result<std::vector<Workspace>> workspaces(Database& db) {
  return all(db, kWorkspaces, to_workspace);
}

Result<std::optional<Machine>> find_machine(Database& db, const std::string& id) {
  return one(db, kMachines, "machine_id = ?1 OR CAST(id AS TEXT) = ?1 ORDER BY machine_id != ?1",
             id, to_machine);
}
Result<std::optional<Workspace>> find_workspace(Database& db, const std::string& id) {
  return one(db, kWorkspaces, "workspace_id = ?1", id, to_workspace);
}
Result<std::optional<Project>> find_project(Database& db, std::int64_t id) {
  return one(db, kProjects, "id = ?1", id, to_project);
}

}  // namespace registry

std::string to_json(const Machine& m) {
  std::string out;
  Writer json(out);
  json.begin_object().key("id").value(m.id).key("machineId").value(m.machine_id);
  json.key("hostname").value(m.hostname).key("username").value(m.username);
  json.key("osType").value(m.os_type);
  add(json, "osVersion", m.os_version);
  json.key("machineType").value(m.machine_type);
  add(json, "ipAddress", m.ip_address);
  json.key("metadata").raw(m.metadata);
  json.key("createdAt").value(to_rfc3339(m.created_at));
  json.key("lastSeenAt").value(to_rfc3339(m.last_seen_at)).end_object();
  return out;
}

std::string to_json(const Project& p) {
  std::string out;
  Writer json(out);
  json.begin_object().key("id").value(p.id).key("name").value(p.name);
  json.key("fullName").value(p.full_name()).key("repoUrl").value(p.repo_url);
  json.key("repoOwner").value(p.owner).key("repoName").value(p.name);
  json.key("createdAt").value(to_rfc3339(p.created_at));
  json.key("updatedAt").value(to_rfc3339(p.updated_at)).end_object();
  return out;
}

std::string to_json(const Workspace& w, const Project* project, const Machine* machine) {
  std::string own;
  {
    Writer json(own);
    json.key("id").value(w.id).key("projectId").value(w.project).key("machineId").value(w.machine);
    json.key("workspaceId").value(w.workspace_id).key("workspacePath").value(w.path);
    json.key("workspaceType").value(w.type);
    add(json, "branch", w.branch);
    add(json, "commit", w.commit);
    json.key("createdAt").value(to_rfc3339(w.created_at));
    json.key("lastSeenAt").value(to_rfc3339(w.last_seen_at));
  }
  if (!project || !machine) return "{" + own + "}";
  std::string out = "{" + own + ",\"project\":" + to_json(*project) +
                    ",\"machine\":" + to_json(*machine) + ",\"workspace\":{" + own +
                    "},\"context\":";
  std::string context;
  Writer names(context);
  names.begin_object().key("projectId").value(w.project).key("machineId").value(w.machine);
  names.key("workspaceId").value(w.id).key("projectName").value(project->full_name());
  names.key("machineName").value(machine->hostname).end_object();
  return out + context + "}";
}

}  // namespace monitor
