#include "task_storage.h"

#include <filesystem>

#include "tasks/memory_store.h"

namespace app {

using base::Result;

Result<std::unique_ptr<TaskStorage>> TaskStorage::open(const TaskSettings& settings,
                                                       base::WorkerPool* pool,
                                                       base::Metrics& metrics) {
  std::unique_ptr<TaskStorage> storage(new TaskStorage);
  const base::Clock& clock = base::Clock::system();
  if (settings.storage == TaskSettings::Storage::memory) {
    storage->store_ = std::make_unique<tasks::MemoryStore>(clock);
    return storage;
  }
  const std::string& path = settings.db_path;
  std::error_code ignored;
  if (const auto folder = std::filesystem::path(path).parent_path(); !folder.empty())
    std::filesystem::create_directories(folder, ignored);
  TRY(auto owned, store::OwnerLock::acquire(path));
  storage->lock_.emplace(std::move(owned));
  if (!pool) pool = &storage->own_pool_.emplace();
  TRY(auto sqlite, tasks::SqliteStore::open(path, {*pool, kWorkers, clock, metrics}));
  storage->sqlite_ = sqlite.get();
  storage->store_ = std::move(sqlite);
  return storage;
}

TaskStorage::~TaskStorage() { close(); }

void TaskStorage::start() {
  if (!sqlite_) return;
  for (std::size_t i = 0; own_pool_ && i < kWorkers; ++i)
    threads_.emplace_back([this, i] { own_pool_->work(i); });
  writer_ = std::thread([this] { sqlite_->run(); });
}

void TaskStorage::expire() {
  if (sqlite_) sqlite_->expire();
}

void TaskStorage::stop() {
  if (!writer_.joinable()) return;
  sqlite_->stop();
  writer_.join();
  if (!own_pool_) return;
  own_pool_->stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void TaskStorage::close() {
  stop();
  if (sqlite_) sqlite_->close_readers();
}

}  // namespace app
