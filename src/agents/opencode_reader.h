#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "agents/document_reader.h"
#include "store/foreign_database.h"

namespace agents {

/// A session of OpenCode, and what its messages are told with.
struct OpenCodeSession {
  std::string id, parent, directory;
  std::int64_t created = 0;  // ms since 1970; 0: not given
};
/// A message, with its parts in order; `data` as JSON texts.
struct OpenCodeMessage {
  static constexpr std::size_t kMaxPartBytes = std::size_t{16} << 20;  // of all together

  std::string id, data;
  std::int64_t created = 0;
  std::vector<std::pair<std::string, std::string>> parts;  // id and data
};
void give_session(const OpenCodeSession& session, const DocumentReader::Sink& sink);
/// What is complete of the message.
void give_message(const OpenCodeSession& session, const OpenCodeMessage& message,
                  const DocumentReader::Sink& sink, ReadCounts& counts);

/// `opencode.db`, which holds all sessions. Reads what changed since the last time.
/// docs/formats.md, "OpenCode".
class OpenCodeDatabaseReader : public DocumentReader {
 public:
  base::Result<void> read(const std::string& path, const Sink& sink,
                          const std::atomic<bool>& stopping) override;
  std::string save() const override;
  bool restore(std::string_view state) override;

 private:
  /// The newest `time_updated` of each table when it was last read.
  struct Seen {
    std::int64_t session = 0, message = 0, part = 0;
  };
  base::Result<void> read(store::ForeignDatabase& db, const Sink& sink,
                          const std::atomic<bool>& stopping);
  base::Result<void> read_messages(store::ForeignDatabase& db, const OpenCodeSession& session,
                                   const Sink& sink, const std::atomic<bool>& stopping);
  base::Result<void> read_message(store::Database& db, OpenCodeMessage& message);
  base::Result<std::string> data_of(store::Database& db, std::string_view sql, std::string_view id);

  Seen seen_;
};

/// The older storage: `session/<project>/<session>.json` with `message` and `part` beside.
class OpenCodeSessionReader : public DocumentReader {
 public:
  base::Result<void> read(const std::string& path, const Sink& sink,
                          const std::atomic<bool>& stopping) override;
};

}  // namespace agents
