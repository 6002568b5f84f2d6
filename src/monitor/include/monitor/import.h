#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agents/discovery.h"
#include "agents/log_file.h"
#include "base/clock.h"
#include "base/task.h"
#include "base/worker_pool.h"
#include "monitor/ledger.h"
#include "store/snapshot_readers.h"

namespace monitor {

struct ImportOptions {
  bool claude_code = true, codex = true;
  std::optional<base::Time> from, to;  // both included
  bool dry_run = false;                // nothing is written
  bool force = false;                  // files that were imported before are read again
};

/// What became of one file.
struct ImportedFile {
  enum class Outcome : std::uint8_t {
    read,
    empty,      // no events in it
    unchanged,  // imported before, and the same since
    failed,     // could not be read, see `problem`
  };
  std::string path;
  agents::Agent agent{};
  Outcome outcome = Outcome::read;
  std::int64_t events_found = 0;
  std::int64_t events_imported = 0;  // stored now; in a dry run what was found
  std::int64_t duplicates = 0;       // stored before
  agents::ReadCounts lines;
  std::uint64_t bytes = 0;
  std::string problem;
};

struct ImportResult {
  std::vector<ImportedFile> files;
  bool was_stopped = false;

  std::int64_t events_found() const;
  std::int64_t events_imported() const;
  std::int64_t duplicates() const;
  std::int64_t unchanged_files() const;
};

/// Follows an import. Thread: the importer's caller's.
class ImportObserver {
 public:
  virtual ~ImportObserver() = default;
  virtual void begin(std::size_t /*files*/, std::uint64_t /*bytes*/) {}
  virtual void progress(std::uint64_t /*bytes_done*/) {}
  virtual void done(const ImportedFile&) {}
};

/// Brings what agents have logged into the ledger: docs/formats.md, "Imported events".
///
/// Reads each file whole, some batches of events ahead of the ledger, in bounded memory. Safe to
/// interrupt at any moment and to run twice: an event is known by its place in its session. Files
/// go in the order of their paths, Claude Code's first. A file that cannot be read is told in its
/// outcome and is no error of the import. Thread: `run` on an executor's; one at a time.
class Importer {
 public:
  struct Parts {
    Ledger* ledger;  // null: dry runs only
    store::SnapshotReaders& readers;
    base::WorkerPool& pool;
    agents::Places places;
    std::size_t max_metadata_bytes;
  };

  explicit Importer(Parts parts) : parts_(std::move(parts)) {}

  /// Errors: those of the ledger; what was read before is stored.
  base::Task<base::Result<ImportResult>> run(ImportOptions options, ImportObserver& observer);

  /// Ends a run after the batch that it is at. Thread: any.
  void stop() { stopping_ = true; }

 private:
  Parts parts_;
  std::atomic<bool> stopping_{false};
};

/// `claude-code`, `codex`: what the import calls its sources.
std::string_view import_source(agents::Agent agent);

}  // namespace monitor
