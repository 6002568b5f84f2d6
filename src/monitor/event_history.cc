#include "monitor/event_history.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"

namespace monitor {
namespace {

constexpr char kSeparator = '\x1f';
constexpr std::int64_t kPageIds = 5000;
constexpr std::int64_t kPageRows = 500;  // of one session
constexpr std::size_t kPageBytes = 256 * 1024;

}  // namespace

std::string StreamFilter::channel() const {
  if (is_everything()) return {};
  return agent_type + kSeparator + event_type + kSeparator + session_id;
}

StreamFilter StreamFilter::parse(const std::string& channel) {
  const std::size_t first = channel.find(kSeparator);
  const std::size_t second = first == channel.npos ? first : channel.find(kSeparator, first + 1);
  if (second == channel.npos) return {};
  return {channel.substr(0, first), channel.substr(first + 1, second - first - 1),
          channel.substr(second + 1)};
}

void append_event_message(std::string& out, const EventRow& row) {
  out += "id: ";
  base::json::append_int(out, row.id);
  out += "\ndata: {\"type\":\"event\",\"payload\":";
  append_json(out, row);
  out += "}\n\n";
}

/// A page of one session, by the index of sessions: its events may lie far apart.
base::Result<HistoryPage> read_session_history(store::Database& db, const StreamFilter& filter,
                                               std::int64_t after) {
  HistoryPage page;
  TRY(const auto newest, db.integer("SELECT max(id) FROM events"));
  TRY(auto rows, db.prepare(fmt::format(
                     "SELECT {} FROM events WHERE id IN (SELECT id FROM events WHERE session_id = "
                     "?1 AND id > ?2 ORDER BY id LIMIT ?3) ORDER BY id",
                     kEventRowColumns)));
  rows.bind(filter.session_id, after, kPageRows);
  std::int64_t count = 0;
  page.last_id = after;
  for (;;) {
    TRY(const bool found, rows.step());
    if (!found) break;
    const EventRow row = to_row(rows);
    ++count;
    page.last_id = row.id;
    if (filter.accepts(row.agent_type, row.event_type, row.session_id, Imported::no))
      append_event_message(page.messages, row);
    if (page.messages.size() >= kPageBytes) return page;
  }
  page.is_newest = count < kPageRows;
  if (page.is_newest) page.last_id = std::max(after, newest.value_or(0));
  return page;
}

base::Result<HistoryPage> read_history(store::Database& db, const StreamFilter& filter,
                                       std::int64_t after) {
  if (!filter.session_id.empty()) return read_session_history(db, filter, after);
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
    const Imported imported{is_imported(row.source.value_or(""), row.event_id.value_or(""))};
    if (!filter.accepts(row.agent_type, row.event_type, row.session_id, imported)) continue;
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
