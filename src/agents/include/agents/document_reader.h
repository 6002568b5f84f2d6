#pragma once

#include <atomic>
#include <cstdint>
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

  /// Whether the log may be in the middle of being written, and end where its writer has come to.
  enum class Writing : std::uint8_t { is_over, goes_on };
  /// To be said before `read`. While it goes on, what may be cut is left out, so that nothing is
  /// told by halves: who takes it has the first telling of each id.
  void expect(Writing writing) { writing_ = writing; }
  /// Whether the last `read` left out something that would be given once the writing is over.
  bool has_left_out() const { return has_left_out_; }

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
  Writing writing_ = Writing::is_over;
  bool has_left_out_ = false;
};

}  // namespace agents
