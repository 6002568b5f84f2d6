#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "agents/log_reader.h"
#include "base/result.h"

namespace agents {

/// Turns a log into records that its agent writes anew, or changes in place: a JSON document, a log
/// of changes to one, a database. It is read again when it has changed.
///
/// Gives only what is complete, always in the same order and under the same native ids; whoever
/// takes it knows what it had before. A tool that still runs, or an answer that still grows, is
/// left for the next reading. Memory is bounded by 64 MB whatever the size of the file. Nothing is
/// written, no lock is held, and no file made beside it. Thread: one.
class DocumentReader {
 public:
  using Sink = LogReader::Sink;

  virtual ~DocumentReader() = default;

  /// Reads the log at `path`, as far as it may hold something new. `not_found`; `unavailable` (no
  /// right, busy); `corrupt` when it is no such document, with what was given before standing.
  /// `cancelled` once `stopping` is true.
  virtual base::Result<void> read(const std::string& path, const Sink& sink,
                                  const std::atomic<bool>& stopping) = 0;

  /// What need not be read again, for `restore`; empty: all is read each time.
  virtual std::string save() const { return {}; }
  virtual bool restore(std::string_view state) { return state.empty(); }

  const ReadCounts& counts() const { return counts_; }

 protected:
  ReadCounts counts_;
};

}  // namespace agents
