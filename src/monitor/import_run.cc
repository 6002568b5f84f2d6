#include "import_run.h"

#include <algorithm>

#include "base/log.h"
#include "monitor/import_mapping.h"

namespace monitor {
namespace {

using base::Result;
using base::Task;
using store::Database;
using Outcome = ImportedFile::Outcome;

constexpr std::size_t kBatchEvents = 2000;
constexpr std::size_t kBatchBytes = std::size_t{2} << 20;
// A file that was written this shortly before may have been written again in the same tick.
constexpr std::chrono::seconds kSettled{2};

}  // namespace

struct ImportRun::Batch {
  std::vector<Event> events;
  bool is_last = false;
  bool is_unchanged = false;
  std::uint64_t bytes_read = 0;  // of the file so far
  std::optional<base::Error> problem;
};

/// One file on its way into events. Thread: a worker's, one batch at a time; the run's in between.
class ImportRun::Source {
 public:
  Source(const ImportRun& run, const Candidate& candidate, const ImportState::Known* known,
         std::string default_model)
      : run_(run),
        candidate_(candidate),
        known_(known),
        default_model_(std::move(default_model)),
        mapping_(candidate.log.agent,
                 {run.parts_.max_metadata_bytes, run.options_.from, run.options_.to}) {}

  Batch next() {
    Batch batch;
    auto more = log_ ? read(batch) : open(batch);
    if (!more) batch.problem = more.error();
    batch.is_last = !more || !*more;
    batch.bytes_read = log_ ? log_->bytes_read() : 0;
    return batch;
  }

  /// Of the file when it was opened; nothing when it may change without a trace.
  std::optional<agents::FileStamp> lasting_stamp() const {
    const base::Time modified{std::chrono::duration_cast<base::Time::duration>(
        std::chrono::nanoseconds{log_->stamp().modified_ns})};
    if (opened_at_ - modified <= kSettled) return std::nullopt;
    return log_->stamp();
  }
  agents::LogFile* log() { return log_ ? &*log_ : nullptr; }

 private:
  Result<bool> open(Batch& batch) {
    opened_at_ = base::Clock::system().now();
    const agents::FoundLog& found = candidate_.log;
    TRY(auto log,
        agents::LogFile::open(found.path, make_reader(found.agent, found.path, default_model_)));
    log_.emplace(std::move(log));
    const bool may_be_same = known_ && !run_.options_.force &&
                             static_cast<std::uint64_t>(known_->bytes) == log_->stamp().bytes;
    if (may_be_same) {
      TRY(const std::string hash, agents::hash_of(found.path, run_.stopping_));
      batch.is_unchanged = hash == known_->hash;
      if (batch.is_unchanged) return false;
    }
    return read(batch);
  }

  Result<bool> read(Batch& batch) {
    std::size_t bytes = 0;
    const auto sink = [&](const agents::Record& record) {
      auto event = mapping_.map(record);
      if (!event) return;
      bytes += sizeof(Event) + event->metadata.size();
      batch.events.push_back(std::move(*event));
    };
    const auto enough = [&] {
      return batch.events.size() >= kBatchEvents || bytes >= kBatchBytes ||
             run_.stopping_.load(std::memory_order_relaxed);
    };
    return log_->read(sink, enough);
  }

  const ImportRun& run_;
  const Candidate& candidate_;
  const ImportState::Known* known_;
  const std::string default_model_;
  ImportMapping mapping_;
  std::optional<agents::LogFile> log_;
  base::Time opened_at_;
};

Task<Result<ImportResult>> ImportRun::go() {
  CO_TRY_OK(co_await find());
  std::uint64_t bytes = 0;
  for (const Candidate& candidate : candidates_) bytes += candidate.bytes;
  observer_.begin(candidates_.size(), bytes);

  Result<void> outcome;
  for (const Candidate& candidate : candidates_) {
    if (stopping_ || !outcome) break;
    outcome = co_await import(candidate);
    bytes_done_ += candidate.bytes;
    observer_.progress(bytes_done_);
  }
  // What is on its way uses this run: it ends first, whatever went wrong.
  while (!pending_.empty()) {
    auto settled = co_await settle_one();
    if (outcome && !settled) outcome = std::move(settled);
  }
  if (!outcome) co_return outcome.error();
  result_.was_stopped = stopping_;
  co_return std::move(result_);
}

/// The files there are, and what is known of them.
Task<Result<void>> ImportRun::find() {
  std::function<Result<std::vector<Candidate>>(std::size_t)> find =
      [this](std::size_t) -> Result<std::vector<Candidate>> {
    std::vector<Candidate> found;
    for (const agents::Agent agent : {agents::Agent::claude_code, agents::Agent::codex}) {
      if (!(agent == agents::Agent::codex ? options_.codex : options_.claude_code)) continue;
      for (agents::FoundLog& log : find_logs(parts_.places, agent)) {
        Candidate& candidate = found.emplace_back();
        if (const auto stamp = agents::stamp_of(log.path)) {
          candidate.stamp = *stamp;
          candidate.bytes = stamp->bytes;
        }
        candidate.log = std::move(log);
      }
    }
    return found;
  };
  CO_TRY(candidates_, co_await parts_.pool.run(find));

  std::function<Result<ImportState>(Database&)> read = &ImportState::read;
  auto state = co_await parts_.readers.run(read);
  // A dry run needs no database.
  if (!state && parts_.ledger) co_return state.error();
  if (state) state_ = std::move(*state);
  co_return Result<void>{};
}

Task<Result<void>> ImportRun::import(const Candidate& candidate) {
  const std::size_t file = result_.files.size();
  ImportedFile& result = result_.files.emplace_back();
  result.path = candidate.log.path;
  result.agent = candidate.log.agent;
  result.bytes = candidate.bytes;
  const ImportState::Known* known = state_.find(candidate.log.path);
  if (!options_.force && known && known->stamp && known->stamp == candidate.stamp) {
    result.outcome = Outcome::unchanged;
    pending_.push_back(FileEnd{file, {}, {}, false});
    co_return co_await settle(kMaxInFlight);
  }
  std::string model;
  if (candidate.log.agent == agents::Agent::codex)
    model = agents::codex_default_model(parts_.places.codex_home);
  Source source(*this, candidate, known, std::move(model));
  auto done = co_await read(file, source);
  if (done) end(file, source);
  co_return done;
}

Task<Result<void>> ImportRun::read(std::size_t file, Source& source) {
  std::function<Result<Batch>(std::size_t)> next = [&source](std::size_t) -> Result<Batch> {
    return source.next();
  };
  for (bool is_last = false; !is_last;) {
    CO_TRY(Batch batch, co_await parts_.pool.run(next));
    is_last = batch.is_last || stopping_;
    observer_.progress(bytes_done_ + batch.bytes_read);
    ImportedFile& result = result_.files[file];
    if (batch.is_unchanged) result.outcome = Outcome::unchanged;
    if (batch.problem) {
      base::log::warn("import: {}", batch.problem->what);
      result.outcome = Outcome::failed;
      result.problem = batch.problem->what;
    }
    CO_TRY_OK(co_await take(file, std::move(batch)));
  }
  co_return Result<void>{};
}

/// Hands a batch to the ledger, and waits only when too many are on their way.
Task<Result<void>> ImportRun::take(std::size_t file, Batch batch) {
  ImportedFile& result = result_.files[file];
  const auto events = static_cast<std::int64_t>(batch.events.size());
  result.events_found += events;
  if (options_.dry_run) {
    result.events_imported += events;
    co_return Result<void>{};
  }
  if (events > 0) {
    base::Started<Result<AppendResult>> stored(parts_.ledger->append(std::move(batch.events)));
    pending_.push_back(StoredBatch{file, events, std::move(stored)});
    ++in_flight_;
  }
  co_return co_await settle(kMaxInFlight);
}

/// All of the file is on its way.
void ImportRun::end(std::size_t file, Source& source) {
  ImportedFile& result = result_.files[file];
  FileEnd end{file, {}, {}, false};
  if (agents::LogFile* log = source.log()) {
    result.lines = log->counts();
    const bool is_whole = result.outcome != Outcome::failed && !stopping_;
    const bool may_remember = is_whole && !options_.dry_run;
    if (result.outcome == Outcome::unchanged) {
      // Another program has imported it: with a stamp it need not be read the next time.
      end.stamp = source.lasting_stamp();
      end.is_to_be_remembered = may_remember && end.stamp;
    } else {
      result.bytes = log->bytes_read();
      if (is_whole && result.events_found == 0) result.outcome = Outcome::empty;
      end.is_to_be_remembered =
          may_remember && result.events_found > 0 && !options_.from && !options_.to;
      if (end.is_to_be_remembered) {
        end.hash = log->hash_hex();
        end.stamp = source.lasting_stamp();
      }
    }
  }
  pending_.push_back(std::move(end));
}

/// Takes in what the ledger has answered, and waits until no more than that many batches are on
/// their way.
Task<Result<void>> ImportRun::settle(std::size_t most_in_flight) {
  const auto is_ready = [](const Pending& pending) {
    if (const auto* batch = std::get_if<StoredBatch>(&pending)) return batch->stored.await_ready();
    if (const auto* mark = std::get_if<Remembered>(&pending)) return mark->stored.await_ready();
    return true;
  };
  while (!pending_.empty() && (in_flight_ > most_in_flight || is_ready(pending_.front())))
    CO_TRY_OK(co_await settle_one());
  co_return Result<void>{};
}

Task<Result<void>> ImportRun::settle_one() {
  Pending pending = std::move(pending_.front());
  pending_.pop_front();
  if (auto* batch = std::get_if<StoredBatch>(&pending)) {
    --in_flight_;
    auto answer = co_await batch->stored;
    has_failed_ = has_failed_ || !answer;
    CO_TRY(const AppendResult stored, std::move(answer));
    ImportedFile& file = result_.files[batch->file];
    const auto duplicates = std::count(stored.ids.begin(), stored.ids.end(), 0);
    file.duplicates += duplicates;
    file.events_imported += batch->events - duplicates;
  } else if (auto* mark = std::get_if<Remembered>(&pending)) {
    CO_TRY_OK(co_await mark->stored);
  } else if (!has_failed_) {
    finish(std::get<FileEnd>(pending));
  }
  co_return Result<void>{};
}

/// All of the file is stored.
void ImportRun::finish(const FileEnd& end) {
  const ImportedFile& file = result_.files[end.file];
  observer_.done(file);
  if (!end.is_to_be_remembered) return;
  base::Started<Result<void>> stored(remember(file, end));
  pending_.push_back(Remembered{std::move(stored)});
}

Task<Result<void>> ImportRun::remember(ImportedFile file, FileEnd end) {
  std::function<Result<void>(Database&)> work = [&file, &end](Database& db) {
    return store_import_state(db, file, end.hash, end.stamp);
  };
  co_return co_await parts_.ledger->change(work, Ledger::Change::uncounted);
}

}  // namespace monitor
