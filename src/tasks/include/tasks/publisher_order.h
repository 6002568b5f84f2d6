#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "base/task.h"

namespace tasks {

/// What to do with an event that comes before those that its publisher sent earlier.
enum class OutOfTurn : std::uint8_t { hold, fail };

/// Why a numbered event was not taken.
struct SequenceRefusal {
  enum class Kind : std::uint8_t {
    gap,        // events before it are missing, and it does not wait
    stale,      // its number was used
    duplicate,  // an event of this number is on its way
    timeout,    // those before it did not come
  };
  Kind kind;
  std::int64_t expected, received;
};

/// Brings the events of publishers that number them (`clientId`, `clientSeq`) into their order,
/// whatever order their requests arrive in.
///
/// The first number of a publisher of a task is the one behind the newest that is stored, or else
/// whatever comes first. One that comes too early waits for those before it, kHold at most; each is
/// let go when the one before it is stored. Publishers that were silent for as long as the task may
/// take, or kForget where it has no limit, are forgotten, as are all of a task that has ended.
/// Thread: any executor's; who waited resumes on its own.
class PublisherOrder {
 public:
  static constexpr std::chrono::seconds kHold{30};
  static constexpr std::chrono::seconds kForget{3600};

  explicit PublisherOrder(const base::Clock& clock) : clock_(clock) {}

  /// What is stored of a publisher: counts where it is not known here.
  struct Stored {
    std::optional<std::int64_t> expected;
    std::chrono::seconds lifetime = kForget;
  };

  /// Nothing once it is the turn of this number; then `done` has to follow.
  base::Task<std::optional<SequenceRefusal>> take(std::string task_id, std::string client_id,
                                                  std::int64_t number, OutOfTurn out_of_turn,
                                                  Stored stored);
  enum class Outcome : std::uint8_t { stored, failed };
  void done(const std::string& task_id, const std::string& client_id, std::int64_t number,
            Outcome outcome);

  /// The number that is next; nothing for a publisher that is not known.
  std::optional<std::int64_t> expected(std::string_view task_id, std::string_view client_id) const;

  /// The task has ended: who waits is let go.
  void forget(std::string_view task_id);
  /// An archive, with what it tells of publishers, stands where the task was: who waits goes on
  /// waiting for its turn by those numbers, `stale` if they have passed it. Publishers that the
  /// archive does not tell of are forgotten, and their waits end as if their time were over.
  using Publishers = std::map<std::string, Stored, std::less<>>;
  void renumber(std::string_view task_id, const Publishers& archived);
  /// Ends the waits that are over and forgets the silent; to be called every few seconds.
  void expire();
  /// Ends every wait, as if its time were over, and lets nobody wait any more.
  void stop();

 private:
  struct Wait;
  struct Client {
    std::int64_t expected = 0;
    bool is_in_flight = false;  // the expected one is being stored
    bool has_stored = false;    // one that never did is not kept
    base::Time last_used{};
    std::chrono::seconds lifetime{};
    std::map<std::int64_t, Wait*> waiting;  // by number
  };
  using Clients = std::map<std::string, Client, std::less<>>;
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  /// Whether the caller has to wait; its refusal, if any, is set.
  bool enter(Wait& wait);
  void let_go(Client& client, Wait& wait) REQUIRES(mutex_);
  void end_waits(Client& client, base::Time since) REQUIRES(mutex_);
  void renumber(Client& client, std::int64_t expected) REQUIRES(mutex_);

  const base::Clock& clock_;
  mutable base::Mutex mutex_;
  std::unordered_map<std::string, Clients, TextHash, std::equal_to<>> tasks_ GUARDED_BY(mutex_);
  bool is_stopped_ GUARDED_BY(mutex_) = false;
};

}  // namespace tasks
