#include "store/snapshot_readers.h"

namespace store {

base::Result<Database*> SnapshotReaders::connection(std::size_t worker) {
  ASSERT(worker < connections_.size());
  std::optional<Database>& slot = connections_[worker];
  if (!slot) {
    TRY(Database db, Database::open(path_, Access::read_only));
    slot.emplace(std::move(db));
  }
  slot->set_deadline(std::chrono::steady_clock::now() + time_limit_);
  return &*slot;
}

}  // namespace store
