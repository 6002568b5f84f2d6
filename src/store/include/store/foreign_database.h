#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "store/sqlite.h"

namespace store {

/// A database that belongs to another program, which may be writing it at this moment.
///
/// Nothing appears, changes or goes in its folder, whatever its journal mode; the folder need not
/// be writable. Its writer never waits for us: a database in WAL mode is read beside it, any other
/// without a lock, which is why `is_sound` has to be asked before what was read is believed.
///
/// Errors of `open`: `not_found`; `unavailable`: a transaction is being written, or was left behind
/// half done; `corrupt`: no database. Of queries besides: `invalid_argument`, a value longer than
/// kMaxValueBytes. Its schema is not trusted. Thread: one.
class ForeignDatabase {
 public:
  static constexpr int kMaxValueBytes = 16 << 20;

  static base::Result<ForeignDatabase> open(const std::string& path);

  Database& database() { return database_; }

  /// Whether all that was read since `open` is as one writer left it. Otherwise throw it away, an
  /// error of a query too, and open again.
  bool is_sound() const;

 private:
  /// What changes whenever a file of the database does.
  struct State {
    std::uint64_t device = 0, inode = 0, bytes = 0, wal_bytes = 0;
    std::int64_t modified_ns = 0;
    std::array<char, 100> header{};  // with the counter of changes
    bool has_journal = false;        // of a transaction that is not over
    bool operator==(const State&) const = default;
  };

  ForeignDatabase(std::string path, Database database, State state, bool is_shared);
  static base::Result<State> state_of(const std::string& path);

  std::string path_;
  Database database_;
  State state_;
  bool is_shared_;  // with its writer, through the WAL: each query sees one state
};

}  // namespace store
