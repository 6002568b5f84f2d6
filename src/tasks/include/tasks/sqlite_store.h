#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/worker_pool.h"
#include "store/group_writer.h"
#include "store/snapshot_readers.h"
#include "tasks/store.h"

namespace tasks {

/// Tasks in a SQLite file, in the tables of Taskcast: docs/formats.md, "tasks.db".
///
/// What is acknowledged is on disk. Writes go through one group commit; events are told to the
/// listener once they are committed, on the writer's thread.
/// Thread: any executor's; `run` is the writer thread's. Owner: app, which runs the writer and the
/// pool's workers, and locks the file.
class SqliteStore : public TaskStore, private store::GroupTarget {
 public:
  struct Parts {
    base::WorkerPool& pool;  // of reads
    std::size_t workers;     // that it has
    const base::Clock& clock;
    base::Metrics& metrics;
  };

  /// Opens or makes the file and its tables.
  static base::Result<std::unique_ptr<SqliteStore>> open(const std::string& path, Parts parts);
  ~SqliteStore() override;

  void run() { writer_.run(); }
  /// Answers what was asked for, then ends `run`.
  void stop() { writer_.stop(); }
  /// To be called every few seconds.
  void expire() { writer_.expire(); }
  /// After the workers have ended.
  void close_readers() { readers_.close(); }

  void set_listener(StoreListener& listener) override { listener_ = &listener; }
  base::Task<base::Result<void>> create(Task task) override;
  base::Task<base::Result<Task>> find(std::string id) override;
  base::Task<base::Result<TaskPage>> list(ListQuery query) override;
  base::Task<base::Result<Task>> update(std::string id, Decide decide) override;
  base::Task<base::Result<std::vector<Event>>> append(std::string id,
                                                      std::vector<NewEvent> events) override;
  base::Task<base::Result<History>> history(std::string id, HistoryQuery query) override;
  base::Task<base::Result<LatestPage>> latest(std::string id, LatestQuery query) override;
  base::Task<base::Result<Numbering>> numbering(std::string id, std::string client_id) override;
  base::Task<base::Result<void>> settle() override;
  base::Task<base::Result<bool>> restore(Archive archive, bool overwrite) override;
  base::Time next_due() const override;
  base::Task<base::Result<std::vector<std::string>>> due(base::Time now) override;

 private:
  class Heads;
  struct Job;
  struct CreateJob;
  struct UpdateJob;
  struct AppendJob;
  struct RestoreJob;
  struct SettleJob;

  SqliteStore(std::string path, store::Database db, Parts parts);

  base::Result<void> write(store::Database& db, std::span<store::WriteJob* const> jobs) override;
  void committed(std::span<store::WriteJob* const> jobs) override;
  void rolled_back() override;

  void note_due(base::Time due);

  store::SnapshotReaders readers_;
  StoreListener* listener_ = nullptr;
  std::unique_ptr<Heads> heads_;  // the writer thread's
  std::atomic<std::int64_t> next_due_;
  store::GroupWriter writer_;
};

}  // namespace tasks
