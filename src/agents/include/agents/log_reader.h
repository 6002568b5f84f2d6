#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "agents/record.h"

/// Readers of the logs that coding agents keep: bytes in, records out. The formats are described in
/// docs/formats.md, "Agents' logs".
namespace agents {

/// What became of the lines of a log.
struct ReadCounts {
  std::uint64_t lines = 0;     // not blank
  std::uint64_t broken = 0;    // no JSON, or not complete
  std::uint64_t too_long = 0;  // see LineSplitter
  std::uint64_t cut = 0;       // read, with long texts shortened
};

/// The two ways to tell a log.
enum class Telling : std::uint8_t {
  lines,         // close to the file; Claude Code and Codex only
  conversation,  // what was asked, answered and done: the same kinds of records for every agent
};

/// Turns the lines of one file into records. Tolerant: what it does not know it passes over, what
/// is broken it counts. Thread: one.
class LogReader {
 public:
  using Sink = std::function<void(const Record&)>;
  static constexpr std::size_t kMaxStateBytes = std::size_t{256} << 10;

  virtual ~LogReader() = default;

  void read(const Line& line, const Sink& sink);
  /// Nothing has come for a while: gives what waited for more of its kind.
  virtual void settle(const Sink&) {}
  /// The file ends here.
  virtual void finish(const Sink&) {}

  /// All that it remembers of the lines so far, at most kMaxStateBytes: a reader that restores it
  /// goes on behind the last of them as this one would.
  virtual std::string save() const { return {}; }
  /// False, and nothing changes, when `state` is none of a reader of this kind.
  virtual bool restore(std::string_view state) { return state.empty(); }

  const ReadCounts& counts() const { return counts_; }

 protected:
  /// One line that is JSON.
  virtual void read(const Line& line, const base::json::Value& json, const Sink& sink) = 0;
  /// One that is not; true: its text says something.
  virtual bool read_text(const Line&, const Sink&) { return false; }
  /// One that says nothing.
  virtual void pass_over() {}

 private:
  base::json::Document document_;
  ReadCounts counts_;
};

/// A reader for the file of `agent` at `path`, whose name counts where the lines do not say.
/// `default_model` is the one that Codex' config.toml names; empty: none.
std::unique_ptr<LogReader> make_reader(Agent agent, const std::string& path,
                                       const std::string& default_model);

}  // namespace agents
