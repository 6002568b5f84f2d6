#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/strand.h"
#include "base/task.h"
#include "base/worker_pool.h"
#include "collector/machine.h"
#include "collector/place.h"
#include "net/http_sender.h"

namespace collector {

/// The folders in which editors of the VS Code family keep a folder for each workspace.
std::vector<std::string> workspace_storage_roots(const Environment& environment);

/// Tells in which project, on which machine and in which workspace something happened, by asking
/// the backend, which learns of them this way.
///
/// It fails nobody: what cannot be resolved is unresolved, and asked again after a while. Several
/// questions for one place at a time are one request; what was answered is kept as PlaceCache says.
/// Thread: its strand's; files are read on the workers. Owner: app; the sender, pool and clock
/// outlive it, and it outlives its coroutines.
class Hierarchy {
 public:
  static constexpr std::chrono::seconds kRequestLimit{30};
  static constexpr std::size_t kMaxScanned = 2000;  // workspaces

  Hierarchy(base::Executor& executor, net::HttpUrl backend, std::string api_key, Machine machine,
            net::HttpSender& sender, base::WorkerPool& pool, const base::Clock& clock);

  /// Makes the machine and the workspaces below `roots` known to the backend; warns of what fails,
  /// and gives up with `unavailable` when it does not answer or cannot do it now. What it refuses
  /// is no failure: asking again would change nothing.
  base::Task<base::Result<void>> announce(std::vector<std::string> roots);

  /// Of a workspace of the VS Code family, by the name of its folder in workspaceStorage.
  base::Task<std::optional<Place>> of_workspace(std::string hash);
  /// Of a folder that an agent worked in: of the git repository around it, if there is one. A
  /// folder that is not there has none.
  base::Task<std::optional<Place>> of_folder(std::string folder);

  /// Ends what is under way; nothing is asked any more.
  void cancel();

 private:
  struct Flight;  // a question under way
  struct Workspace {
    std::string hash, path, type;
    std::string remote, branch, commit;
  };
  using Fetch = base::Task<base::Result<Place>> (Hierarchy::*)(std::string);

  base::Task<std::optional<Place>> cached(std::string key, std::string name, Fetch fetch)
      REQUIRES(strand_);
  base::Task<base::Result<Place>> fetch_workspace(std::string hash) REQUIRES(strand_);
  base::Task<base::Result<Place>> fetch_folder(std::string folder) REQUIRES(strand_);
  base::Task<base::Result<Place>> upsert(Workspace workspace) REQUIRES(strand_);
  base::Task<base::Result<std::int64_t>> registered_machine() REQUIRES(strand_);
  base::Task<base::Result<std::string>> ask(std::string method, std::string path, std::string body)
      REQUIRES(strand_);

  static base::Result<std::vector<Workspace>> scan(const std::vector<std::string>& roots);
  static Workspace read_folder(std::string folder);

  base::Strand strand_;
  const net::HttpUrl backend_;
  const std::string api_key_;
  const Machine machine_;
  net::HttpSender& sender_;
  base::WorkerPool& pool_;

  PlaceCache cache_ GUARDED_BY(strand_);
  std::map<std::string, std::shared_ptr<Flight>> flights_ GUARDED_BY(strand_);
  std::int64_t machine_row_ GUARDED_BY(strand_) = 0;  // 0: not registered yet
  bool is_cancelled_ GUARDED_BY(strand_) = false;
};

}  // namespace collector
