#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "monitor/event_row.h"
#include "store/sqlite.h"

namespace monitor {

enum class Imported : bool { no, yes };

/// Which events a stream client wants; an empty text means: any.
struct StreamFilter {
  std::string agent_type, event_type;
  std::string session_id;  // one session whole, with what was imported, which else is no message

  bool accepts(std::string_view agent, std::string_view type, std::string_view session,
               Imported imported) const {
    return (agent_type.empty() || agent_type == agent) &&
           (event_type.empty() || event_type == type) &&
           (session_id.empty() ? imported == Imported::no : session_id == session);
  }
  bool is_everything() const {
    return agent_type.empty() && event_type.empty() && session_id.empty();
  }

  /// As one text, which is the name of a channel of the live feed.
  std::string channel() const;
  static StreamFilter parse(const std::string& channel);
};

/// `id: N`, `data: {"type":"event","payload":ROW}`, empty line.
void append_event_message(std::string& out, const EventRow& row);

struct HistoryPage {
  std::string messages;
  std::int64_t last_id = 0;  // everything up to here has been looked at
  bool is_newest = false;
};

/// The stored events behind `after` as stream messages, oldest first, about 256 KiB at most.
base::Result<HistoryPage> read_history(store::Database& db, const StreamFilter& filter,
                                       std::int64_t after);

/// The smallest id that is stored; 0 when there is none.
base::Result<std::int64_t> oldest_event_id(store::Database& db);

}  // namespace monitor
