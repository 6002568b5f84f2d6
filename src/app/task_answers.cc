#include "task_answers.h"

#include <utility>

#include "base/log.h"
#include "net/response_stream.h"
#include "tasks/archive.h"
#include "tasks/wire.h"
#include "turns.h"

namespace app {
namespace {

using base::Result;
using net::Response;

constexpr std::string_view kJson = "application/json";
constexpr std::size_t kListedTasks = 200;
constexpr std::size_t kListedBytes = std::size_t{128} << 10;

/// The text of an answer, in parts. Thread: the connection's.
class Parts {
 public:
  virtual ~Parts() = default;
  struct Part {
    std::string text;
    bool is_last = true;
  };
  virtual base::Task<Result<Part>> next() = 0;
};

class ListParts : public Parts {
 public:
  ListParts(tasks::Engine& engine, const TaskFeed& feed, tasks::TaskFilter filter)
      : engine_(engine), feed_(feed) {
    query_.filter = std::move(filter);
    query_.limit = kListedTasks;
    query_.max_bytes = kListedBytes;
  }

  base::Task<Result<Part>> next() override {
    CO_TRY(const tasks::TaskPage page, co_await engine_.list(query_));
    Part part;
    if (query_.after < 0) {
      query_.through = page.newest;
      part.text = R"({"tasks":[)";
    }
    query_.after = page.reached;
    for (const tasks::Task& task : page.tasks) {
      if (has_task_) part.text += ',';
      has_task_ = true;
      tasks::append_task(part.text, task, feed_.subscribers(task.id));
    }
    part.is_last = page.is_last;
    if (part.is_last) part.text += "]}";
    co_return part;
  }

 private:
  tasks::Engine& engine_;
  const TaskFeed& feed_;
  tasks::ListQuery query_;
  bool has_task_ = false;
};

class HistoryParts : public Parts {
 public:
  HistoryParts(tasks::Engine& engine, std::string id, TaskHistoryQuery asked)
      : id_(id),
        is_collapsed_(asked.is_collapsed),
        pages_(engine.history(std::move(id), std::move(asked.query))) {}

  base::Task<Result<Part>> next() override {
    CO_TRY(tasks::History page, co_await pages_.next());
    Part part;
    if (!has_begun_) part.text = "[";
    if (!has_begun_ && is_collapsed_) collapse_.emplace(std::move(page.accumulated));
    has_begun_ = true;
    for (tasks::Event& event : page.events) {
      if (!collapse_) {
        append(part.text, event, false);
      } else if (const auto item = collapse_->next(std::move(event))) {
        append(part.text, item->event, item->is_snapshot);
      }
    }
    part.is_last = page.is_last;
    if (part.is_last) part.text += ']';
    co_return part;
  }

 private:
  void append(std::string& text, const tasks::Event& event, bool is_snapshot) {
    if (has_event_) text += ',';
    has_event_ = true;
    tasks::append_event(text, id_, event, {{}, is_snapshot});
  }

  const std::string id_;
  const bool is_collapsed_;
  tasks::HistoryPages pages_;
  std::optional<tasks::Collapse> collapse_;
  bool has_begun_ = false, has_event_ = false;
};

class ArchiveParts : public Parts {
 public:
  ArchiveParts(tasks::Engine& engine, std::string id, base::Time now)
      : id_(id), now_(now), pages_(engine.archive(std::move(id))) {}

  base::Task<Result<Part>> next() override {
    CO_TRY(tasks::History page, co_await pages_.next());
    Part part;
    if (!archived_) {
      archived_.emplace(std::move(page.accumulated));
      tasks::append_archive_head(part.text, *page.task, now_);
    }
    for (tasks::Event& event : page.events) {
      const auto archived = archived_->next(std::move(event));
      if (!archived) continue;
      if (archived->index > 0) part.text += ',';
      tasks::append_event(part.text, id_, *archived);
    }
    part.is_last = page.is_last;
    if (part.is_last) part.text += tasks::kArchiveEnd;
    co_return part;
  }

 private:
  const std::string id_;
  const base::Time now_;
  tasks::HistoryPages pages_;
  std::optional<tasks::ArchivedEvents> archived_;
};

/// An answer that has begun.
struct Begun {
  std::shared_ptr<Parts> parts;
  net::SharedBytes first;  // until it is sent
};

base::Task<void> send(net::ResponseStream& stream, std::shared_ptr<Begun> begun) {
  stream.send(std::exchange(begun->first, nullptr));
  for (bool is_last = false; !is_last;) {
    co_await stream.drained();
    co_await NextTurn();
    if (stream.is_closed()) break;
    auto part = co_await begun->parts->next();
    if (!part) {
      base::log::warn("an answer is broken off: {}", part.error().what);
      stream.close();
      co_return;
    }
    is_last = part->is_last;
    if (!part->text.empty()) stream.send(net::share(part->text));
  }
  if (stream.is_closed()) stream.close();
}

base::Task<Result<Response>> answer(std::shared_ptr<Parts> parts) {
  CO_TRY(Parts::Part first, co_await parts->next());
  if (first.is_last) co_return Response::text(200, kJson, std::move(first.text));
  Response response = Response::text(200, kJson, {});
  response.stream_ends = true;
  auto begun = std::make_shared<Begun>();
  begun->parts = std::move(parts);
  begun->first = net::share(first.text);
  response.stream = [begun](net::ResponseStream& stream) { return send(stream, begun); };
  co_return response;
}

}  // namespace

base::Task<Result<Response>> answer_list(tasks::Engine& engine, const TaskFeed& feed,
                                         tasks::TaskFilter filter) {
  auto parts = std::make_shared<ListParts>(engine, feed, std::move(filter));
  return answer(std::move(parts));
}

base::Task<Result<Response>> answer_history(tasks::Engine& engine, std::string id,
                                            TaskHistoryQuery asked) {
  auto parts = std::make_shared<HistoryParts>(engine, std::move(id), std::move(asked));
  return answer(std::move(parts));
}

base::Task<Result<Response>> answer_archive(tasks::Engine& engine, std::string id, base::Time now) {
  auto parts = std::make_shared<ArchiveParts>(engine, std::move(id), now);
  return answer(std::move(parts));
}

}  // namespace app
