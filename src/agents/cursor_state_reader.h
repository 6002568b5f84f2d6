#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "agents/document_reader.h"
#include "cursor_workspaces.h"
#include "store/foreign_database.h"

namespace agents {

/// Cursor's global `state.vscdb`: its chats ("composers") and their messages ("bubbles") as JSON
/// under keys. Reads the chats that changed since the last time. docs/formats.md, "Cursor".
class CursorStateReader : public DocumentReader {
 public:
  base::Result<void> read(const std::string& path, const Sink& sink,
                          const std::atomic<bool>& stopping) override;
  std::string save() const override;
  bool restore(std::string_view state) override;

 private:
  struct Chat {
    std::string id;
    std::int64_t updated = 0;  // ms since 1970; 0: it does not say
  };
  base::Result<void> read(store::ForeignDatabase& db, const Sink& sink,
                          const std::atomic<bool>& stopping);
  base::Result<std::vector<Chat>> changed_chats(store::Database& db,
                                                const std::atomic<bool>& stopping);
  base::Result<void> read_chat(store::ForeignDatabase& db, const std::string& id, const Sink& sink);
  base::Result<std::vector<std::pair<std::size_t, std::string>>> read_bubbles(
      store::ForeignDatabase& db, const std::string& chat, const std::vector<std::string>& ids,
      std::size_t& next);
  std::string folder_of(store::Database& db, const std::string& chat) const;
  base::Result<std::string> value_of(store::Database& db, const std::string& key);

  std::string storage_;  // `workspaceStorage` beside the database's folder
  CursorWorkspaces workspaces_;
  std::int64_t seen_ = 0;  // up to here all changes of chats have been read; ms since 1970
};

/// The database of one window: chats from before there was the global one.
class CursorWorkspaceReader : public DocumentReader {
 public:
  base::Result<void> read(const std::string& path, const Sink& sink,
                          const std::atomic<bool>& stopping) override;
};

/// A chat of Cursor's command line: that there was one, when and with which model.
class CursorChatReader : public DocumentReader {
 public:
  base::Result<void> read(const std::string& path, const Sink& sink,
                          const std::atomic<bool>& stopping) override;
};

}  // namespace agents
