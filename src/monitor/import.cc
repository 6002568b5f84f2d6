#include "monitor/import.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/started.h"
#include "base/time_text.h"
#include "import_mapping.h"

namespace monitor {
namespace {

using base::Result;
using base::Task;
using store::Database;

constexpr std::size_t kBatchEvents = 2000;
constexpr std::size_t kBatchBytes = std::size_t{2} << 20;
// A file that was written this shortly before may have been written again in the same tick.
constexpr std::chrono::seconds kSettled{2};

/// The file cannot be read, or not any further.
void fail(ImportedFile& file, const base::Error& error) {
  base::log::warn("import: {}", error.what);
  file.outcome = ImportedFile::Outcome::failed;
  file.problem = error.what;
}

}  // namespace

std::string_view import_source(agents::Agent agent) {
  return agent == agents::Agent::codex ? "codex" : "claude-code";
}

std::int64_t ImportResult::events_found() const {
  std::int64_t sum = 0;
  for (const ImportedFile& file : files) sum += file.events_found;
  return sum;
}
std::int64_t ImportResult::events_imported() const {
  std::int64_t sum = 0;
  for (const ImportedFile& file : files) sum += file.events_imported;
  return sum;
}
std::int64_t ImportResult::duplicates() const {
  std::int64_t sum = 0;
  for (const ImportedFile& file : files) sum += file.duplicates;
  return sum;
}
std::int64_t ImportResult::unchanged_files() const {
  return std::count_if(files.begin(), files.end(), [](const ImportedFile& file) {
    return file.outcome == ImportedFile::Outcome::unchanged;
  });
}

/// What an earlier import has left about a file.
struct Importer::Known {
  std::optional<std::string> hash;
  std::int64_t bytes = 0;
  std::optional<agents::FileStamp> stamp;  // of that moment; another program leaves none
};

/// The state of a file that was read, and since when.
struct Importer::Read {
  agents::FileStamp stamp;
  base::Time opened_at;
};

/// One file on its way into events. Thread: a worker's, one batch at a time.
class Importer::File {
 public:
  struct Batch {
    std::vector<Event> events;
    bool is_last = false;
  };

  File(agents::LogFile log, agents::Agent agent, const ImportMapping::Limits& limits,
       const std::atomic<bool>& stopping)
      : log_(std::move(log)), mapping_(agent, limits), stopping_(stopping) {}

  Result<Batch> next() {
    Batch batch;
    std::size_t bytes = 0;
    const auto sink = [&](const agents::Record& record) {
      auto event = mapping_.map(record);
      if (!event) return;
      bytes += sizeof(Event) + event->metadata.size();
      batch.events.push_back(std::move(*event));
    };
    const auto enough = [&] {
      return batch.events.size() >= kBatchEvents || bytes >= kBatchBytes ||
             stopping_.load(std::memory_order_relaxed);
    };
    TRY(const bool more, log_.read(sink, enough));
    batch.is_last = !more;
    return batch;
  }

  agents::LogFile& log() { return log_; }

 private:
  agents::LogFile log_;
  ImportMapping mapping_;
  const std::atomic<bool>& stopping_;
};

Task<Result<ImportResult>> Importer::run(ImportOptions options, ImportObserver& observer) {
  std::vector<agents::FoundLog> logs;
  std::function<Result<std::vector<agents::FoundLog>>(std::size_t)> find =
      [this, &options](std::size_t) -> Result<std::vector<agents::FoundLog>> {
    std::vector<agents::FoundLog> found;
    if (options.claude_code) found = find_logs(parts_.places, agents::Agent::claude_code);
    if (options.codex)
      for (agents::FoundLog& log : find_logs(parts_.places, agents::Agent::codex))
        found.push_back(std::move(log));
    return found;
  };
  CO_TRY(logs, co_await parts_.pool.run(find));
  std::uint64_t bytes = 0;
  for (const agents::FoundLog& log : logs)
    if (const auto stamp = agents::stamp_of(log.path)) bytes += stamp->bytes;
  observer.begin(logs.size(), bytes);

  ImportResult result;
  std::uint64_t done = 0;
  for (agents::FoundLog& log : logs) {
    if (stopping_) break;
    CO_TRY(ImportedFile file, co_await import(std::move(log), options, observer, done));
    done += file.bytes;
    observer.progress(done);
    observer.done(file);
    result.files.push_back(std::move(file));
  }
  result.was_stopped = stopping_;
  co_return result;
}

Task<Result<ImportedFile>> Importer::import(agents::FoundLog log, ImportOptions options,
                                            ImportObserver& observer, std::uint64_t bytes_before) {
  ImportedFile result;
  result.path = log.path;
  result.agent = log.agent;
  std::string model;
  if (log.agent == agents::Agent::codex)
    model = agents::codex_default_model(parts_.places.codex_home);
  const base::Time opened_at = base::Clock::system().now();
  auto opened = agents::LogFile::open(log.path, make_reader(log.agent, log.path, model));
  if (!opened) {
    fail(result, opened.error());
    co_return result;
  }
  const Read read{opened->stamp(), opened_at};
  result.bytes = read.stamp.bytes;

  CO_TRY(const Known known, co_await look_up(log.path));
  if (!options.force) {
    const auto unchanged = co_await is_unchanged(log, known, read.stamp);
    if (unchanged && *unchanged) {
      result.outcome = ImportedFile::Outcome::unchanged;
      // Another program has imported it: so that it need not be read the next time.
      if (!known.stamp && !options.dry_run) CO_TRY_OK(co_await remember(result, {}, read));
      co_return result;
    }
  }

  const ImportMapping::Limits limits{parts_.max_metadata_bytes, options.from, options.to};
  File file(std::move(*opened), log.agent, limits, stopping_);
  if (options.dry_run) {
    co_await count(file, result, observer, bytes_before);
  } else {
    CO_TRY_OK(co_await store(file, result, observer, bytes_before));
  }
  result.lines = file.log().counts();
  result.bytes = file.log().bytes_read();
  if (result.outcome == ImportedFile::Outcome::failed || stopping_) co_return result;
  if (result.events_found == 0) {
    result.outcome = ImportedFile::Outcome::empty;
  } else if (!options.dry_run && !options.from && !options.to) {
    CO_TRY_OK(co_await remember(result, file.log().hash_hex(), read));
  }
  co_return result;
}

/// A dry run's way through a file.
Task<void> Importer::count(File& file, ImportedFile& result, ImportObserver& observer,
                           std::uint64_t bytes_before) {
  std::function<Result<File::Batch>(std::size_t)> read = [&file](std::size_t) {
    return file.next();
  };
  for (bool last = false; !last && !stopping_;) {
    auto batch = co_await parts_.pool.run(read);
    if (!batch) {
      fail(result, batch.error());
      break;
    }
    result.events_found += static_cast<std::int64_t>(batch->events.size());
    last = batch->is_last;
    observer.progress(bytes_before + file.log().bytes_read());
  }
  result.events_imported = result.events_found;
}

/// While the ledger stores a batch, the next one is read.
Task<Result<void>> Importer::store(File& file, ImportedFile& result, ImportObserver& observer,
                                   std::uint64_t bytes_before) {
  std::function<Result<File::Batch>(std::size_t)> read = [&file](std::size_t) {
    return file.next();
  };
  auto first = co_await parts_.pool.run(read);
  for (;;) {
    if (!first) {
      if (first.error().code == base::Errc::cancelled) co_return first.error();
      fail(result, first.error());
      co_return Result<void>{};
    }
    File::Batch batch = std::move(*first);
    const auto found = static_cast<std::int64_t>(batch.events.size());
    if (batch.is_last || stopping_) {
      CO_TRY(const AppendResult stored, co_await parts_.ledger->append(std::move(batch.events)));
      const auto duplicates = std::count(stored.ids.begin(), stored.ids.end(), 0);
      result.events_found += found;
      result.duplicates += duplicates;
      result.events_imported += found - duplicates;
      co_return Result<void>{};
    }
    base::Started<Result<File::Batch>> next(parts_.pool.run(read));
    auto stored = co_await parts_.ledger->append(std::move(batch.events));
    // The read uses the file: it ends first, whatever became of the batch.
    first = co_await next;
    if (!stored) co_return stored.error();
    const auto duplicates = std::count(stored->ids.begin(), stored->ids.end(), 0);
    result.events_found += found;
    result.duplicates += duplicates;
    result.events_imported += found - duplicates;
    observer.progress(bytes_before + file.log().bytes_read());
  }
}

Task<Result<Importer::Known>> Importer::look_up(std::string path) {
  std::function<Result<Known>(Database&)> read = [&path](Database& db) -> Result<Known> {
    Known known;
    TRY(auto state,
        db.prepare("SELECT file_hash, file_size FROM import_state WHERE file_path = ?1"));
    TRY(const bool is_known, state.bind(path).step());
    if (!is_known) return known;
    known.hash = std::string(state.text(0));
    known.bytes = state.integer(1);
    TRY(const auto own,
        db.integer("SELECT count(*) FROM sqlite_master WHERE name = ?1", "sightline_import_files"));
    if (own.value_or(0) == 0) return known;  // a dry run changes nothing, the schema neither
    TRY(auto stamp, db.prepare("SELECT device, inode, bytes, modified_ns "
                               "FROM sightline_import_files WHERE file_path = ?1"));
    TRY(const bool has_stamp, stamp.bind(path).step());
    if (has_stamp)
      known.stamp =
          agents::FileStamp{static_cast<std::uint64_t>(stamp.integer(0)),
                            static_cast<std::uint64_t>(stamp.integer(1)),
                            static_cast<std::uint64_t>(stamp.integer(2)), stamp.integer(3)};
    return known;
  };
  auto known = co_await parts_.readers.run(read);
  // A dry run needs no database.
  if (!known && !parts_.ledger) co_return Known{};
  co_return known;
}

Task<Result<bool>> Importer::is_unchanged(const agents::FoundLog& log, const Known& known,
                                          agents::FileStamp stamp) {
  if (!known.hash) co_return false;
  if (known.stamp && *known.stamp == stamp) co_return true;
  if (static_cast<std::uint64_t>(known.bytes) != stamp.bytes) co_return false;
  std::function<Result<std::string>(std::size_t)> hash = [this, &log](std::size_t) {
    return agents::hash_of(log.path, stopping_);
  };
  CO_TRY(const std::string now, co_await parts_.pool.run(hash));
  co_return now == *known.hash;
}

/// Only what has been read to its end and stored whole is remembered. An empty `hash` leaves the
/// one that is there.
Task<Result<void>> Importer::remember(const ImportedFile& file, std::string hash, Read read) {
  const agents::FileStamp& stamp = read.stamp;
  const auto modified = base::Time{std::chrono::duration_cast<base::Time::duration>(
      std::chrono::nanoseconds{stamp.modified_ns})};
  const bool is_settled = read.opened_at - modified > kSettled;
  std::function<Result<void>(Database&)> work = [&, is_settled](Database& db) -> Result<void> {
    if (!hash.empty())
      TRY_OK(
          db.run("INSERT INTO import_state(file_path, file_hash, file_size, source, "
                 "events_imported, imported_at) VALUES(?1, ?2, ?3, ?4, ?5, datetime('now')) "
                 "ON CONFLICT(file_path) DO UPDATE SET file_hash = excluded.file_hash, "
                 "file_size = excluded.file_size, source = excluded.source, "
                 "events_imported = excluded.events_imported, "
                 "imported_at = excluded.imported_at",
                 file.path, hash, static_cast<std::int64_t>(file.bytes), import_source(file.agent),
                 file.events_imported));
    if (!is_settled)
      return db.run("DELETE FROM sightline_import_files WHERE file_path = ?1", file.path);
    return db.run("INSERT OR REPLACE INTO sightline_import_files VALUES(?1, ?2, ?3, ?4, ?5)",
                  file.path, static_cast<std::int64_t>(stamp.device),
                  static_cast<std::int64_t>(stamp.inode), static_cast<std::int64_t>(stamp.bytes),
                  stamp.modified_ns);
  };
  co_return co_await parts_.ledger->change(work);
}

}  // namespace monitor
