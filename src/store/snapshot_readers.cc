#include "store/snapshot_readers.h"

namespace store {
namespace {

// What a long query has read the system's cache holds too; a worker need not keep 2 MiB of it.
constexpr const char* kPragmas = "PRAGMA cache_size=-512";

}  // namespace

base::Result<Database*> SnapshotReaders::connection(std::size_t worker) {
  ASSERT(worker < connections_.size());
  std::optional<Database>& slot = connections_[worker];
  if (!slot) {
    TRY(Database db, Database::open(path_, Access::read_only));
    TRY_OK(db.execute(kPragmas));
    slot.emplace(std::move(db));
  }
  slot->set_deadline(std::chrono::steady_clock::now() + time_limit_);
  return &*slot;
}

}  // namespace store
