#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/worker_pool.h"
#include "store/sqlite.h"

namespace store {

/// Read-only queries on the workers of a pool, one connection a worker. Each query sees one
/// snapshot, whatever is written meanwhile.
///
/// Thread: any executor's. Errors: as in sqlite.h; `unavailable` past the time limit.
class SnapshotReaders {
 public:
  SnapshotReaders(std::string path, base::WorkerPool& pool, std::size_t workers,
                  std::chrono::milliseconds time_limit = std::chrono::seconds{10})
      : path_(std::move(path)), pool_(pool), connections_(workers), time_limit_(time_limit) {}

  template <class T>
  base::Task<base::Result<T>> run(std::function<base::Result<T>(Database&)> query) {
    std::function<base::Result<T>(std::size_t)> work =
        [this, &query](std::size_t worker) -> base::Result<T> {
      TRY(Database * db, connection(worker));
      TRY(auto snapshot, db->begin(Locking::deferred));
      return query(*db);
    };
    co_return co_await pool_.run<T>(std::move(work));
  }

  /// Closes all connections; after the workers have ended, before the writer's, so that the last
  /// one to close can fold the write-ahead log into the database.
  void close() { connections_.clear(); }

 private:
  /// The worker's connection, opened at its first query, with a fresh deadline.
  base::Result<Database*> connection(std::size_t worker);

  std::string path_;
  base::WorkerPool& pool_;
  std::vector<std::optional<Database>> connections_;  // each touched by its worker only
  std::chrono::milliseconds time_limit_;
};

}  // namespace store
