#pragma once

#include <deque>
#include <memory>
#include <variant>

#include "base/started.h"
#include "import_state.h"
#include "monitor/import.h"

namespace monitor {

/// One run of an import: a worker reads, the ledger stores, and neither waits for the other.
///
/// Batches go to the ledger in the order of files and lines without waiting for the one before, up
/// to kMaxInFlight of them, so that many small files share a commit. A file is told and remembered
/// once all of it is acknowledged. Thread: one executor's, with readers on the workers.
class ImportRun {
 public:
  static constexpr std::size_t kMaxInFlight = 6;  // batches

  ImportRun(const Importer::Parts& parts, const ImportOptions& options, ImportObserver& observer,
            const std::atomic<bool>& stopping)
      : parts_(parts), options_(options), observer_(observer), stopping_(stopping) {}

  base::Task<base::Result<ImportResult>> go();

 private:
  struct Candidate {
    agents::FoundLog log;
    std::uint64_t bytes = 0;
    std::optional<agents::FileStamp> stamp;
  };
  class Source;
  struct Batch;

  /// What waits for the ledger, in order.
  struct StoredBatch {
    std::size_t file;
    std::int64_t events;
    base::Started<base::Result<AppendResult>> stored;
  };
  struct FileEnd {  // everything before it is of this file or of earlier ones
    std::size_t file;
    std::string hash;                        // empty: as it was
    std::optional<agents::FileStamp> stamp;  // nothing: not to be remembered by it
    bool is_to_be_remembered;
  };
  struct Remembered {
    base::Started<base::Result<void>> stored;
  };
  using Pending = std::variant<StoredBatch, FileEnd, Remembered>;

  base::Task<base::Result<void>> find();
  base::Task<base::Result<void>> import(const Candidate& candidate);
  base::Task<base::Result<void>> read(std::size_t file, Source& source);
  base::Task<base::Result<void>> take(std::size_t file, Batch batch);
  void end(std::size_t file, Source& source);
  bool is_unchanged(const Candidate& candidate, const ImportState::Known* known) const;

  base::Task<base::Result<void>> settle(std::size_t most_in_flight);
  base::Task<base::Result<void>> settle_one();
  void finish(const FileEnd& end);
  base::Task<base::Result<void>> remember(ImportedFile file, FileEnd end);

  const Importer::Parts& parts_;
  const ImportOptions& options_;
  ImportObserver& observer_;
  const std::atomic<bool>& stopping_;

  std::vector<Candidate> candidates_;
  ImportState state_;
  ImportResult result_;
  std::deque<Pending> pending_;
  std::size_t in_flight_ = 0;  // batches in `pending_`
  bool has_failed_ = false;    // something of this run is not stored
  std::uint64_t bytes_done_ = 0;
};

}  // namespace monitor
