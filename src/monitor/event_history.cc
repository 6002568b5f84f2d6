#include "monitor/event_history.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"

namespace monitor {
namespace {

constexpr char kSeparator = '\x1f';
constexpr std::int64_t kPageIds = 5000;
constexpr std::size_t kPageBytes = 256 * 1024;

}  // namespace

std::string StreamFilter::channel() const {
  return is_everything() ? std::string() : agent_type + kSeparator + event_type;
}

StreamFilter StreamFilter::parse(const std::string& channel) {
  const std::size_t separator = channel.find(kSeparator);
  if (separator == channel.npos) return {};
  return {channel.substr(0, separator), channel.substr(separator + 1)};
}

void append_event_message(std::string& out, const EventRow& row) {
  out += "id: ";
  base::json::append_int(out, row.id);
  out += "\ndata: {\"type\":\"event\",\"payload\":";
  append_json(out, row);
  out += "}\n\n";
}

base::Result<HistoryPage> read_history(store::Database& db, const StreamFilter& filter,
                                       std::int64_t after) {
  HistoryPage page;
  TRY(const auto newest, db.integer("SELECT max(id) FROM events"));
  const std::int64_t end = std::min(after + kPageIds, newest.value_or(0));
  TRY(auto rows,
      db.prepare(fmt::format("SELECT {} FROM events WHERE id > ?1 AND id <= ?2 ORDER BY id",
                             kEventRowColumns)));
  rows.bind(after, end);
  page.last_id = std::max(after, end);
  for (;;) {
    TRY(const bool found, rows.step());
    if (!found) break;
    const EventRow row = to_row(rows);
    if (!filter.accepts(row.agent_type, row.event_type) ||
        is_imported(row.source.value_or(""), row.event_id.value_or("")))
      continue;
    append_event_message(page.messages, row);
    if (page.messages.size() < kPageBytes) continue;
    page.last_id = row.id;
    break;
  }
  page.is_newest = page.last_id >= newest.value_or(0);
  return page;
}

base::Result<std::int64_t> oldest_event_id(store::Database& db) {
  TRY(const auto id, db.integer("SELECT min(id) FROM events"));
  return id.value_or(0);
}

}  // namespace monitor
