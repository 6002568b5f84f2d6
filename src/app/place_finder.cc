#include "place_finder.h"

#include "agents/locations.h"

namespace app {

using base::Task;
using collector::Place;

struct PlaceFinder::Question {
  Answer answer;
  bool is_answered = false, is_late = false;
  std::coroutine_handle<> asker;
  std::size_t* late = nullptr;  // counts it, once it is
  std::unique_ptr<net::IoThread::Periodic> alarm;
};

namespace {

/// Suspends until the slot is resumed by somebody else.
struct Parked {
  std::coroutine_handle<>& slot;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) const { slot = waiter; }
  void await_resume() const noexcept {}
};

}  // namespace

Task<Place> PlaceFinder::of_log(std::string path) {
  std::string hash(agents::workspace_hash(path));
  if (hash.empty() || late_ > 0) co_return Place{};
  const Answer place = co_await ask(hierarchy_.of_workspace(std::move(hash)), patience_, late_);
  co_return place.value_or(Place{});
}

Task<Place> PlaceFinder::of_folder(std::string folder) {
  if (late_ > 0) co_return Place{};
  const Answer place = co_await ask(hierarchy_.of_folder(std::move(folder)), patience_, late_);
  co_return place.value_or(Place{});
}

Task<void> PlaceFinder::begin_with(Task<void> work, std::chrono::milliseconds patience) {
  (void)co_await ask(without_answer(std::move(work)), patience, late_beginning_);
}

Task<PlaceFinder::Answer> PlaceFinder::without_answer(Task<void> work) {
  co_await work;
  co_return Answer{};
}

Task<void> PlaceFinder::finish() {
  if (open_ == 0) co_return;
  Parked parked{finisher_};
  co_await parked;
}

/// The task goes on by itself when it is late.
Task<PlaceFinder::Answer> PlaceFinder::ask(Task<Answer> task, std::chrono::milliseconds patience,
                                           std::size_t& late) {
  const auto question = std::make_shared<Question>();
  question->late = &late;
  ++open_;
  await(std::move(task), question).detach();
  if (question->is_answered) co_return std::move(question->answer);
  question->alarm = thread_.every(patience, [this, question] {
    if (question->is_answered || question->is_late) return;
    question->is_late = true;
    ++*question->late;
    thread_.resume({std::exchange(question->asker, {})});
  });
  Parked parked{question->asker};
  co_await parked;
  question->alarm.reset();
  co_return std::move(question->answer);
}

Task<void> PlaceFinder::await(Task<Answer> task, std::shared_ptr<Question> question) {
  question->answer = co_await task;
  question->is_answered = true;
  if (question->is_late) --*question->late;
  if (question->asker) thread_.resume({std::exchange(question->asker, {})});
  if (--open_ == 0 && finisher_) thread_.resume({std::exchange(finisher_, {})});
}

}  // namespace app
