#include "event_feed.h"

#include "base/json_writer.h"

namespace app {
namespace {

using monitor::Imported;
using monitor::StoredEvent;
using monitor::StreamFilter;

Imported imported(const StoredEvent& event) {
  return Imported{monitor::is_imported(event.event.source, event.event.event_id)};
}

/// The events of one group commit. Rendered whole once; parts of it only for those who want parts.
class EventBatch : public net::FeedBatch {
 public:
  EventBatch(std::int64_t previous, std::int64_t last, std::vector<StoredEvent> events)
      : events_(std::move(events)) {
    previous_id = previous;
    last_id = last;
    for (const StoredEvent& event : events_) {
      starts_.push_back(text_.size());
      // Rendered when somebody follows the session, which is seldom: an import has many.
      if (imported(event) == Imported::no)
        monitor::append_event_message(text_, monitor::to_row(event));
    }
    starts_.push_back(text_.size());
    if (!text_.empty()) whole_ = net::share(text_);
  }

  net::SharedBytes render(const std::string& channel, std::int64_t after) const override {
    const StreamFilter filter = StreamFilter::parse(channel);
    if (events_.empty()) return nullptr;
    if (filter.is_everything() && after < events_.front().id) return whole_;
    std::string part;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      const monitor::Event& event = events_[i].event;
      if (events_[i].id <= after || !filter.accepts(event.agent_type, name(event.event_type),
                                                    event.session_id, imported(events_[i])))
        continue;
      if (imported(events_[i]) == Imported::yes)
        monitor::append_event_message(part, monitor::to_row(events_[i]));
      part.append(text_, starts_[i], starts_[i + 1] - starts_[i]);
    }
    return part.empty() ? nullptr : net::share(part);
  }

 private:
  std::vector<StoredEvent> events_;
  std::string text_;
  std::vector<std::size_t> starts_;
  net::SharedBytes whole_;
};

class Notice : public net::FeedBatch {
 public:
  explicit Notice(std::string_view json) {
    std::string message = "data: ";
    message.append(json).append("\n\n");
    bytes_ = net::share(message);
  }
  net::SharedBytes render(const std::string& channel, std::int64_t) const override {
    return channel.empty() ? bytes_ : nullptr;
  }

 private:
  net::SharedBytes bytes_;
};

}  // namespace

void EventFeed::publish_notice(std::string json) {
  live_.publish(0, [json = std::move(json)] { return std::make_shared<Notice>(json); });
}

void EventFeed::stored(std::int64_t previous_id, std::int64_t last_id,
                       std::vector<StoredEvent> events) {
  auto shared = std::make_shared<std::vector<StoredEvent>>(std::move(events));
  live_.publish(last_id, [previous_id, last_id, shared] {
    return std::make_shared<EventBatch>(previous_id, last_id, std::move(*shared));
  });
}

base::Task<base::Result<net::FeedHistory::Page>> EventFeed::read(std::string channel,
                                                                 std::int64_t after) {
  std::function<base::Result<monitor::HistoryPage>(store::Database&)> query =
      [filter = StreamFilter::parse(channel), after](store::Database& db) {
        return monitor::read_history(db, filter, after);
      };
  CO_TRY(const monitor::HistoryPage stored,
         co_await readers_.run<monitor::HistoryPage>(std::move(query)));
  Page page;
  if (!stored.messages.empty()) page.messages = net::share(stored.messages);
  page.last_id = stored.last_id;
  page.is_newest = stored.is_newest;
  co_return page;
}

}  // namespace app
