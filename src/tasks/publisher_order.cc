#include "tasks/publisher_order.h"

namespace tasks {

using base::MutexLock;

/// One caller of `take`; lives in its coroutine's frame.
struct PublisherOrder::Wait {
  PublisherOrder& order;
  const std::string& task_id;
  const std::string& client_id;
  const std::int64_t number;
  const OutOfTurn out_of_turn;
  const Stored stored;
  std::optional<SequenceRefusal> refusal = {};
  base::Time since = {};
  std::coroutine_handle<> waiter = {};
  base::Executor* executor = nullptr;

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> coroutine) {
    waiter = coroutine;
    executor = base::Executor::current();
    return order.enter(*this);
  }
  void await_resume() const noexcept {}
};

base::Task<std::optional<SequenceRefusal>> PublisherOrder::take(std::string task_id,
                                                                std::string client_id,
                                                                std::int64_t number,
                                                                OutOfTurn out_of_turn,
                                                                Stored stored) {
  Wait wait{*this, task_id, client_id, number, out_of_turn, stored};
  co_await wait;
  co_return wait.refusal;
}

bool PublisherOrder::enter(Wait& wait) {
  using Kind = SequenceRefusal::Kind;
  MutexLock lock(mutex_);
  const auto [at, is_new] = tasks_[wait.task_id].try_emplace(wait.client_id);
  Client& client = at->second;
  if (is_new) {
    client.expected = wait.stored.expected.value_or(wait.number);
    client.has_stored = wait.stored.expected.has_value();
    client.lifetime = wait.stored.lifetime;
  }
  client.last_used = wait.since = clock_.now();
  const auto refuse = [&](Kind kind) {
    wait.refusal = SequenceRefusal{kind, client.expected, wait.number};
    return false;
  };
  if (wait.number < client.expected) return refuse(Kind::stale);
  if (wait.number == client.expected && client.is_in_flight) return refuse(Kind::duplicate);
  if (wait.number == client.expected) {
    client.is_in_flight = true;
    return false;
  }
  if (is_stopped_) return refuse(Kind::timeout);
  if (wait.out_of_turn == OutOfTurn::fail) return refuse(Kind::gap);
  return client.waiting.try_emplace(wait.number, &wait).second || refuse(Kind::duplicate);
}

/// Its coroutine may be gone as soon as it is resumed, so nothing of it is touched after.
void PublisherOrder::let_go(Client& client, Wait& wait) {
  client.waiting.erase(wait.number);
  wait.executor->resume({wait.waiter});
}

void PublisherOrder::done(const std::string& task_id, const std::string& client_id,
                          std::int64_t number, Outcome outcome) {
  MutexLock lock(mutex_);
  const auto task = tasks_.find(task_id);
  if (task == tasks_.end()) return;  // it has ended
  const auto found = task->second.find(client_id);
  if (found == task->second.end() || found->second.expected != number) return;
  Client& client = found->second;
  client.is_in_flight = false;
  if (outcome == Outcome::failed) {
    if (!client.has_stored && client.waiting.empty()) task->second.erase(found);
    if (task->second.empty()) tasks_.erase(task);
    return;
  }
  client.has_stored = true;
  client.expected = number + 1;
  const auto next = client.waiting.find(client.expected);
  if (next == client.waiting.end()) return;
  client.is_in_flight = true;
  let_go(client, *next->second);
}

std::optional<std::int64_t> PublisherOrder::expected(std::string_view task_id,
                                                     std::string_view client_id) const {
  MutexLock lock(mutex_);
  const auto task = tasks_.find(task_id);
  if (task == tasks_.end()) return std::nullopt;
  const auto client = task->second.find(client_id);
  if (client == task->second.end()) return std::nullopt;
  return client->second.expected;
}

void PublisherOrder::forget(std::string_view task_id) {
  MutexLock lock(mutex_);
  const auto task = tasks_.find(task_id);
  if (task == tasks_.end()) return;
  for (auto& [id, client] : task->second)
    while (!client.waiting.empty()) let_go(client, *client.waiting.begin()->second);
  tasks_.erase(task);
}

void PublisherOrder::renumber(std::string_view task_id, const Publishers& archived) {
  MutexLock lock(mutex_);
  const auto task = tasks_.find(task_id);
  if (task == tasks_.end()) return;
  for (auto at = task->second.begin(); at != task->second.end();) {
    Client& client = at->second;
    const auto found = archived.find(at->first);
    if (found == archived.end()) {
      end_waits(client, base::Time::max());
      at = task->second.erase(at);
      continue;
    }
    client.has_stored = true;
    client.lifetime = found->second.lifetime;
    if (found->second.expected) renumber(client, *found->second.expected);
    ++at;
  }
  if (task->second.empty()) tasks_.erase(task);
}

/// What is being stored under an old number does not move the new one: `done` tells it another.
void PublisherOrder::renumber(Client& client, std::int64_t expected) {
  if (client.expected == expected) return;
  client.expected = expected;
  client.is_in_flight = false;
  while (!client.waiting.empty() && client.waiting.begin()->first <= expected) {
    Wait& wait = *client.waiting.begin()->second;
    if (wait.number == expected)
      client.is_in_flight = true;
    else
      wait.refusal = SequenceRefusal{SequenceRefusal::Kind::stale, expected, wait.number};
    let_go(client, wait);
  }
}

/// Those that began no later than this.
void PublisherOrder::end_waits(Client& client, base::Time since) {
  std::vector<Wait*> late;
  for (const auto& [number, wait] : client.waiting)
    if (wait->since <= since) late.push_back(wait);
  for (Wait* wait : late) {
    wait->refusal = SequenceRefusal{SequenceRefusal::Kind::timeout, client.expected, wait->number};
    let_go(client, *wait);
  }
}

void PublisherOrder::stop() {
  MutexLock lock(mutex_);
  is_stopped_ = true;
  for (auto& [task_id, clients] : tasks_)
    for (auto& [client_id, client] : clients) end_waits(client, base::Time::max());
}

void PublisherOrder::expire() {
  MutexLock lock(mutex_);
  const base::Time now = clock_.now();
  for (auto task = tasks_.begin(); task != tasks_.end();) {
    for (auto client = task->second.begin(); client != task->second.end();) {
      Client& each = client->second;
      end_waits(each, now - kHold);
      const bool is_silent =
          each.waiting.empty() && !each.is_in_flight && now - each.last_used >= each.lifetime;
      client = is_silent ? task->second.erase(client) : std::next(client);
    }
    task = task->second.empty() ? tasks_.erase(task) : std::next(task);
  }
}

}  // namespace tasks
