#include "collector/hierarchy.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/json_writer.h"
#include "base/log.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/utf8.h"
#include "collector/git_facts.h"
#include "collector/retry.h"
#include "workspace_storage.h"

namespace collector {
namespace {

namespace fs = std::filesystem;
namespace json = base::json;
using base::Errc;
using base::Error;
using base::Result;

constexpr std::size_t kMaxReason = 500;  // bytes of an answer in an error

/// One component of a path: nothing in it separates or escapes.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (is_plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

bool may_be_repeated(const Error& error) {
  return error.code == Errc::unavailable || error.code == Errc::cancelled;
}

/// A record's number and one of its texts; the record may be wrapped in an object of its name.
struct Row {
  std::int64_t id = 0;
  std::string text;
};
Result<Row> parse_row(std::string_view reply, std::string_view name, std::string_view text_key) {
  json::Document document;
  auto value = document.parse(reply);
  if (!value) return std::move(value.error()).within("failed to unmarshal response");
  if (!value->is(json::Kind::object))
    return Error{Errc::corrupt, "failed to unmarshal response: not an object"};
  const auto wrapped = value->find(name);
  const json::Value row = wrapped && wrapped->is(json::Kind::object) ? *wrapped : *value;
  Row found;
  if (const auto id = row.find("id"); id && id->is(json::Kind::number))
    found.id = id->to_int().value_or(0);
  if (const auto text = row.find(text_key); text && text->is(json::Kind::string))
    found.text = text->text();
  if (found.id > 0) return found;
  return Error{Errc::corrupt, fmt::format("the {} has no id", name)};
}

}  // namespace

struct Hierarchy::Flight {
  std::optional<Place> place;
  std::vector<std::coroutine_handle<>> waiters;
};

std::vector<std::string> workspace_storage_roots(const Environment& environment) {
  std::vector<std::string> roots;
#ifdef __APPLE__
  const std::string base = environment("HOME").value_or("") + "/Library/Application Support/";
#else
  const std::string base = environment("HOME").value_or("") + "/.config/";
#endif
  for (const char* editor : {"Code", "Code - Insiders", "Cursor"})
    roots.push_back(fmt::format("{}{}/User/workspaceStorage", base, editor));
  return roots;
}

Hierarchy::Hierarchy(base::Executor& executor, net::HttpUrl backend, std::string api_key,
                     Machine machine, net::HttpSender& sender, base::WorkerPool& pool,
                     const base::Clock& clock)
    : strand_(executor),
      backend_(std::move(backend)),
      api_key_(std::move(api_key)),
      machine_(std::move(machine)),
      sender_(sender),
      pool_(pool),
      cache_(clock) {}

base::Task<Result<void>> Hierarchy::announce(std::vector<std::string> roots) {
  strand_.assert_here();
  const auto machine = co_await registered_machine();
  if (!machine) {
    base::log::warn("the machine could not be registered: {}", machine.error().what);
    if (may_be_repeated(machine.error())) co_return machine.error();
    co_return Result<void>();
  }
  std::function<Result<std::vector<Workspace>>(std::size_t)> work =
      [roots = std::move(roots)](std::size_t) { return scan(roots); };
  auto workspaces = co_await pool_.run<std::vector<Workspace>>(std::move(work));
  if (!workspaces) co_return workspaces.error();
  for (Workspace& workspace : *workspaces) {
    const std::string hash = workspace.hash, path = workspace.path;
    auto place = co_await upsert(std::move(workspace));
    if (place) {
      cache_.add("w" + hash, std::move(*place));
      continue;
    }
    base::log::warn("the workspace {} could not be registered: {}", path, place.error().what);
    if (may_be_repeated(place.error())) co_return place.error();
  }
  co_return Result<void>();
}

base::Task<std::optional<Place>> Hierarchy::of_workspace(std::string hash) {
  strand_.assert_here();
  const std::string key = "w" + hash;
  co_return co_await cached(key, std::move(hash), &Hierarchy::fetch_workspace);
}

base::Task<std::optional<Place>> Hierarchy::of_folder(std::string folder) {
  strand_.assert_here();
  const std::string key = "f" + folder;
  co_return co_await cached(key, std::move(folder), &Hierarchy::fetch_folder);
}

void Hierarchy::cancel() {
  strand_.assert_here();
  is_cancelled_ = true;
  sender_.cancel();
}

base::Task<std::optional<Place>> Hierarchy::cached(std::string key, std::string name, Fetch fetch) {
  if (const auto known = cache_.find(key)) co_return *known;
  if (const auto other = flights_.find(key); other != flights_.end()) {
    struct Landed {
      std::shared_ptr<Flight> flight;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> waiter) { flight->waiters.push_back(waiter); }
      std::optional<Place> await_resume() { return flight->place; }
    };
    Landed landed{other->second};
    co_return co_await landed;
  }
  const auto flight = std::make_shared<Flight>();
  flights_.emplace(key, flight);
  Result<Place> place = co_await (this->*fetch)(name);
  if (place)
    flight->place = std::move(*place);
  else
    base::log::debug("{} is unresolved: {}", name, place.error().what);
  cache_.add(key, flight->place);
  flights_.erase(key);
  if (!flight->waiters.empty()) strand_.executor().resume(std::move(flight->waiters));
  co_return flight->place;
}

base::Task<Result<Place>> Hierarchy::fetch_workspace(std::string hash) {
  auto reply = co_await ask("GET", "/api/workspaces/" + escaped(hash), "");
  if (!reply)
    co_return std::move(reply.error()).within(fmt::format("workspace not found: {}", hash));
  json::Document document;
  const auto value = document.parse(*reply);
  const auto place = value ? parse_place(*value) : std::nullopt;
  if (place) co_return *place;
  co_return Error{Errc::not_found, fmt::format("workspace not found: {}", hash)};
}

base::Task<Result<Place>> Hierarchy::fetch_folder(std::string folder) {
  std::function<Result<Workspace>(std::size_t)> work =
      [folder = std::move(folder)](std::size_t) -> Result<Workspace> {
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored))
      return Error{Errc::not_found, fmt::format("project path does not exist: {}", folder)};
    const auto root = repository_root(folder);
    return read_folder(root ? *root : folder);
  };
  CO_TRY(Workspace workspace, co_await pool_.run<Workspace>(std::move(work)));
  workspace.hash = base::sha256_hex(machine_.machine_id + "\n" + workspace.path, 32);
  workspace.type = "folder";
  co_return co_await upsert(std::move(workspace));
}

/// Makes the project and the workspace known; the machine, if it is not yet.
base::Task<Result<Place>> Hierarchy::upsert(Workspace workspace) {
  CO_TRY(const std::int64_t machine, co_await registered_machine());
  std::string body;
  json::Writer(body).begin_object().key("repoUrl").value(workspace.remote).end_object();
  CO_TRY(const std::string project_reply,
         co_await ask("POST", "/api/projects/resolve", std::move(body)));
  CO_TRY(const Row project, parse_row(project_reply, "project", "fullName"));

  body.clear();
  json::Writer out(body);
  out.begin_object();
  out.key("projectId").value(project.id).key("machineId").value(machine);
  out.key("workspaceId").value(workspace.hash);
  out.key("workspacePath").value(workspace.path);
  out.key("workspaceType").value(workspace.type);
  if (!workspace.branch.empty()) out.key("branch").value(workspace.branch);
  if (!workspace.commit.empty()) out.key("commit").value(workspace.commit);
  out.end_object();
  CO_TRY(const std::string reply, co_await ask("POST", "/api/workspaces", std::move(body)));
  CO_TRY(const Row row, parse_row(reply, "workspace", "workspaceId"));
  Place place;
  place.project_id = project.id;
  place.machine_id = machine;
  place.workspace_id = row.id;
  place.project_name = project.text.empty() ? "unknown" : project.text;
  place.machine_name = machine_.hostname;
  co_return place;
}

base::Task<Result<std::int64_t>> Hierarchy::registered_machine() {
  if (machine_row_ != 0) co_return machine_row_;
  CO_TRY(const std::string reply, co_await ask("POST", "/api/machines", to_json(machine_)));
  CO_TRY(const Row row, parse_row(reply, "machine", "hostname"));
  machine_row_ = row.id;
  co_return row.id;
}

base::Task<Result<std::string>> Hierarchy::ask(std::string method, std::string path,
                                               std::string body) {
  if (is_cancelled_) co_return Error{Errc::cancelled, "stopping"};
  net::ClientRequest request;
  request.method = std::move(method);
  request.url = backend_;
  request.target = std::move(path);
  request.headers = {{"Authorization", "Bearer " + api_key_}};
  if (request.method == "POST") request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(body);
  request.time_limit = kRequestLimit;
  auto answer = co_await sender_.send(std::move(request));
  if (!answer) {
    const bool is_cancelled = answer.error().code == Errc::cancelled;
    co_return Error{is_cancelled ? Errc::cancelled : Errc::unavailable,
                    "request failed: " + answer.error().what};
  }
  const Verdict verdict = judge(answer->status);
  if (verdict == Verdict::delivered) co_return std::move(answer->body);
  co_return Error{verdict == Verdict::retry ? Errc::unavailable : Errc::not_found,
                  fmt::format("unexpected status {}: {}", answer->status,
                              base::cut_utf8(answer->body, kMaxReason))};
}

Result<std::vector<Hierarchy::Workspace>> Hierarchy::scan(const std::vector<std::string>& roots) {
  std::vector<Workspace> found;
  for (const std::string& root : roots) {
    std::error_code error;
    for (fs::directory_iterator at(root, error), end; !error && at != end; at.increment(error)) {
      if (found.size() == kMaxScanned) {
        base::log::warn("only the first {} workspaces are registered at the start", kMaxScanned);
        return found;
      }
      std::error_code ignored;
      if (!at->is_directory(ignored)) continue;
      const auto target = read_workspace_target(at->path().string());
      if (!target) {
        base::log::debug("{}", target.error().what);
        continue;
      }
      // The file of a workspace with several folders lies in the folder that it belongs to.
      const bool is_folder = target->type == "folder";
      Workspace workspace =
          read_folder(is_folder ? target->path : fs::path(target->path).parent_path().string());
      workspace.hash = base::to_utf8(at->path().filename().string());
      workspace.path = base::to_utf8(target->path);
      workspace.type = target->type;
      found.push_back(std::move(workspace));
    }
  }
  return found;
}

Hierarchy::Workspace Hierarchy::read_folder(std::string folder) {
  Workspace workspace;
  workspace.path = base::to_utf8(folder);
  auto facts = read_git_facts(folder);
  if (facts) {
    workspace.remote = std::move(facts->remote);
    workspace.branch = std::move(facts->branch);
    workspace.commit = std::move(facts->commit);
  } else {
    workspace.remote = "file://" + workspace.path;
  }
  return workspace;
}

}  // namespace collector
