#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/ulid.h"

namespace app {

/// Events that no server has confirmed, kept on disk until one does. docs/hooks.md, "The spool".
///
/// A folder for each server, one file for each event: `ULID-BYTES.json`, so that a listing tells
/// age and size. A file appears whole, by a rename. What is no event is set aside as `*.rejected`.
/// Any number of processes may write while one delivers: whatever another has taken away
/// meanwhile is none of ours any more.
///
/// Thread: any, one at a time for each object. Blocks on the disk.
class Spool {
 public:
  struct Limits {
    std::size_t files = 8192;
    std::size_t bytes = std::size_t{64} << 20;
  };
  static constexpr std::size_t kMaxEventBytes = std::size_t{1} << 20;

  /// `spool` in the data folder of Sightline; nothing without $XDG_DATA_HOME and $HOME.
  using Lookup = std::function<std::optional<std::string>(const std::string&)>;
  static std::optional<std::string> root(const Lookup& environment);

  /// The spool below `root` for the server at `authority` (`127.0.0.1:3141`). The names of one
  /// address are one: `localhost` and the wildcard addresses are 127.0.0.1.
  static Spool for_server(const std::string& root, const std::string& authority) {
    return for_server(root, authority, Limits());
  }
  static Spool for_server(const std::string& root, const std::string& authority, Limits limits);

  /// Adds `event`. At a limit the oldest sixteenth goes: what happened last tells most. Processes
  /// that write at the same moment may pass a limit by one file each. `invalid_argument` over
  /// kMaxEventBytes, `unavailable` when the disk does not take it.
  base::Result<void> write(std::string_view event);

  /// One event as it was written; `problem` says why it cannot be read.
  struct Entry {
    std::string name;
    std::string text;
    std::string problem;
  };
  /// The oldest events behind the name `after`: at most `files`, and no further one once their
  /// texts have `bytes`.
  std::vector<Entry> read(const std::string& after, std::size_t files, std::size_t bytes);

  void remove(const Entry& entry);
  /// Keeps it as `*.rejected`, which is never read again.
  void reject(const Entry& entry);

  /// When something last came or went, in nanoseconds; nothing when there is no such folder.
  std::optional<std::int64_t> changed_at() const;

  /// Removes what writers that died an hour ago, or before, have left.
  void sweep() const;

  /// How many events `write` has dropped since this was last asked.
  std::size_t take_dropped();

  const std::string& folder() const { return folder_; }

 private:
  Spool(std::string folder, Limits limits) : folder_(std::move(folder)), limits_(limits) {}

  std::vector<std::string> names() const;  // of all files that count, in no order
  void make_room(std::size_t bytes);
  std::string path(std::string_view name) const;

  std::string folder_;
  Limits limits_;
  base::UlidGenerator ids_;  // in the order of writing
};

}  // namespace app
