#include "tasks/engine.h"

#include <algorithm>

#include "base/started.h"

namespace tasks {

using base::MutexLock;
using base::Result;

base::Task<Result<Task>> Engine::create(Task task) {
  if (task.id.empty()) {
    MutexLock lock(mutex_);
    task.id = ids_.next();
  }
  task.status = Status::pending;
  task.created_at = task.updated_at = clock_.now();
  task.deadline = deadline_of(task.ttl, task.created_at);
  Task stored = task;
  CO_TRY_OK(co_await store_.create(std::move(task)));
  note(stored);
  co_return stored;
}

base::Task<Result<Task>> Engine::transition(std::string id, Transition transition) {
  Decide decide = [this, wanted = std::move(transition)](const Task& task) {
    return change(task, wanted, clock_.now());
  };
  CO_TRY(Task moved, co_await store_.update(std::move(id), std::move(decide)));
  note(moved);
  co_return moved;
}

base::Task<Result<Task>> Engine::resolve(std::string id, Json result) {
  Decide decide = [this, resolution = std::move(result)](const Task& task) -> Result<Change> {
    // Paused, it could run on as well; but not by an answer to a question that is withdrawn.
    if (task.status != Status::blocked) return illegal(task.status, Status::running);
    Transition transition;
    transition.to = Status::running;
    transition.result = resolution;
    return change(task, transition, clock_.now());
  };
  CO_TRY(Task moved, co_await store_.update(std::move(id), std::move(decide)));
  note(moved);
  co_return moved;
}

HistoryPages Engine::archive(std::string id) {
  HistoryQuery query;
  query.with_series = true;
  query.with_task = true;
  return HistoryPages(store_, std::move(id), std::move(query));
}

base::Task<Result<bool>> Engine::import_archive(Archive archive, bool overwrite) {
  Task& task = archive.task;
  if (!is_terminal(task.status) && task.status != Status::paused)
    task.deadline = deadline_of(task.ttl, clock_.now());
  const Task imported = task;
  const PublisherNumbers newest = newest_numbers(archive.events);
  const auto restored = co_await store_.restore(std::move(archive), overwrite);
  if (!restored) co_return restored;
  note(imported);
  PublisherOrder::Publishers publishers;
  for (const auto& [client_id, own] : newest) {
    const auto stored = known_of(own, imported.ttl);
    if (stored.expected) publishers.emplace(client_id, stored);
  }
  order_.renumber(imported.id, publishers);
  co_return restored;
}

void Engine::note(const Task& task) {
  if (is_terminal(task.status)) order_.forget(task.id);
  if (is_due_soon_ && due_time(task) <= clock_.now() + kDuePeriod) is_due_soon_();
}

/// Of a publisher that was not silent for too long.
PublisherOrder::Stored Engine::known_of(const PublisherNumber& newest,
                                        std::optional<std::int64_t> ttl) const {
  PublisherOrder::Stored stored;
  if (ttl) stored.lifetime = std::chrono::seconds{*ttl};
  const auto silence = std::chrono::floor<std::chrono::seconds>(clock_.now() - newest.at);
  if (silence < stored.lifetime) stored.expected = newest.number + 1;
  return stored;
}

base::Task<Result<PublisherOrder::Stored>> Engine::stored_of(std::string id, std::string client) {
  PublisherOrder::Stored stored;
  if (order_.expected(id, client)) co_return stored;  // it does not matter
  CO_TRY(const Numbering numbering, co_await store_.numbering(std::move(id), std::move(client)));
  stored = known_of({numbering.newest.value_or(0), numbering.at}, numbering.ttl);
  if (!numbering.newest) stored.expected.reset();
  co_return stored;
}

base::Task<Result<std::optional<std::int64_t>>> Engine::expected_number(std::string id,
                                                                        std::string client) {
  if (const auto expected = order_.expected(id, client)) co_return expected;
  CO_TRY(const PublisherOrder::Stored stored, co_await stored_of(std::move(id), std::move(client)));
  co_return stored.expected;
}

base::Task<Engine::Published> Engine::publish(std::string id, std::vector<NewEvent> events,
                                              OutOfTurn out_of_turn) {
  Published published;
  const bool is_numbered = std::any_of(events.begin(), events.end(),
                                       [](const NewEvent& event) { return event.client_id; });
  if (!is_numbered) {
    published.events = co_await store_.append(std::move(id), std::move(events));
    co_return published;
  }
  for (NewEvent& event : events) {
    const auto client = event.client_id;
    const std::int64_t number = event.client_seq.value_or(0);
    if (client) {
      const auto known = co_await stored_of(id, *client);
      if (!known) {
        published.events = known.error();
        co_return published;
      }
      published.refusal = co_await order_.take(id, *client, number, out_of_turn, *known);
      if (published.refusal) co_return published;
    }
    std::vector<NewEvent> one;
    one.push_back(std::move(event));
    auto stored = co_await store_.append(id, std::move(one));
    using Outcome = PublisherOrder::Outcome;
    if (client) order_.done(id, *client, number, stored ? Outcome::stored : Outcome::failed);
    if (!stored) {
      published.events = std::move(stored.error());
      co_return published;
    }
    published.events->push_back(std::move(stored->front()));
  }
  co_return published;
}

base::Task<void> Engine::run_due() {
  order_.expire();
  const base::Time now = clock_.now();
  if (store_.next_due() > now || is_running_due_.exchange(true)) co_return;
  const Decide decide = [now](const Task& task) -> Result<Change> {
    if (task.status != Status::blocked || !task.resume_at || *task.resume_at > now ||
        (task.deadline && *task.deadline <= now))
      return time_out(task, now);
    Transition resume;
    resume.to = Status::running;
    return change(task, resume, now);
  };
  for (;;) {
    const auto ids = co_await store_.due(now);
    if (!ids || ids->empty()) break;
    bool has_moved = false;
    // Together, so that they share what a commit costs.
    std::vector<base::Started<Result<Task>>> updates;
    for (const std::string& id : *ids) updates.emplace_back(store_.update(id, decide));
    for (auto& update : updates) {
      const auto moved = co_await update;
      has_moved |= moved.ok();
      if (moved) note(*moved);
    }
    if (!has_moved) break;  // others were faster, or the store is away: at the next call
  }
  is_running_due_.store(false);
}

}  // namespace tasks
