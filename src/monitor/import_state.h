#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "agents/log_file.h"
#include "monitor/import.h"
#include "store/sqlite.h"

namespace monitor {

/// What earlier imports have left about the files that they read.
class ImportState {
 public:
  struct Known {
    std::string hash;
    std::int64_t bytes = 0;
    std::optional<agents::FileStamp> stamp;  // of that moment; another program leaves none
  };

  /// Of all files; a database that is not of this program's schema has no stamps.
  static base::Result<ImportState> read(store::Database& db);

  /// Null when the file was never imported whole.
  const Known* find(const std::string& path) const;

 private:
  std::unordered_map<std::string, Known> files_;
};

/// Remembers a file that has been read to its end and stored whole. An empty `hash` leaves what is
/// there. Without a `stamp` the file is hashed the next time.
base::Result<void> store_import_state(store::Database& db, const ImportedFile& file,
                                      const std::string& hash,
                                      const std::optional<agents::FileStamp>& stamp);

}  // namespace monitor
