#include "net/live_feed.h"

#include <gtest/gtest.h>

#include <future>
#include <random>
#include <thread>

namespace net {
namespace {

/// Message n is the text "n ".
class Numbers : public FeedBatch {
 public:
  Numbers(std::int64_t previous, std::int64_t last) { previous_id = previous, last_id = last; }
  SharedBytes render(const std::string& channel, std::int64_t after) const override {
    std::string text;
    for (std::int64_t id = std::max(previous_id, after) + 1; id <= last_id; ++id)
      if (channel.empty() || id % 2 == 0) text += std::to_string(id) + " ";
    return text.empty() ? nullptr : share(text);
  }
};

/// A peer that reads when the test lets it.
class FakeStream : public ResponseStream {
 public:
  explicit FakeStream(IoThread& thread) : thread_(thread) {}

  void send(SharedBytes bytes) override {
    if (!bytes || closed_) return;
    queued_ += bytes->content().size();
    text_ += bytes->content();
    if (reads_) read();
  }
  std::size_t queued_bytes() const override { return queued_; }
  bool is_closed() const override { return closed_; }
  void close() override {
    closed_ = true;
    notify_later();
  }
  void read() {
    queued_ = 0;
    notify_later();
  }
  void set_reading(bool reads) {
    reads_ = reads;
    if (reads) read();
  }
  const std::string& text() const { return text_; }

 protected:
  void notify_later() override {
    thread_.post([this] { notify(); });
  }

 private:
  IoThread& thread_;
  std::string text_;
  std::size_t queued_ = 0;
  bool closed_ = false, reads_ = true;
};

/// A publisher of numbers whose history is always complete, as a database is.
class LiveFeedTest : public testing::Test, public FeedHistory {
 protected:
  LiveFeedTest() {
    for (std::size_t i = 0; i < threads_.size(); ++i)
      running_.emplace_back([this, i] { threads_.at(i).run(); });
  }
  ~LiveFeedTest() override {
    for (std::size_t i = 0; i < threads_.size(); ++i) threads_.at(i).stop();
    for (std::thread& thread : running_) thread.join();
  }

  /// Resumes later, on the same thread, as every real history does.
  struct Later {
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> waiter) const {
      base::Executor::current()->resume({waiter});
    }
    void await_resume() const {}
  };

  base::Task<base::Result<Page>> read(std::string channel, std::int64_t after) override {
    co_await Later();
    const std::int64_t newest = stored_.load();
    const std::int64_t last = std::min(newest, after + 7);  // small pages
    Page page;
    page.messages = Numbers(after, last).render(channel, after);
    page.last_id = last;
    page.is_newest = last == newest;
    co_return page;
  }
  void publish(std::int64_t count) {
    const std::int64_t previous = stored_.load(), last = previous + count;
    stored_.store(last);
    if (feed_.announce(last))
      feed_.publish(last, [previous, last] { return std::make_shared<Numbers>(previous, last); });
  }
  /// Runs `what` on I/O thread `index` and waits for it.
  template <class F>
  auto on(std::size_t index, F what) {
    std::promise<decltype(what())> done;
    threads_.at(index).post([&] {
      if constexpr (std::is_void_v<decltype(what())>) {
        what();
        done.set_value();
      } else {
        done.set_value(what());
      }
    });
    return done.get_future().get();
  }

  struct Client {
    explicit Client(IoThread& thread) : stream(thread) {}
    FakeStream stream;
    std::size_t index = 0;
    std::atomic<bool> ended{false};
  };
  std::unique_ptr<Client> subscribe(std::size_t index, std::string channel, std::int64_t after) {
    auto client = std::make_unique<Client>(threads_.at(index));
    client->index = index;
    on(index, [&] { serve(*client, std::move(channel), after).detach(); });
    return client;
  }
  base::Task<void> serve(Client& client, std::string channel, std::int64_t after) {
    co_await feed_.serve(client.stream, std::move(channel), after);
    client.ended = true;
  }
  /// What the client has when it has everything; the test's own time limit ends a failure.
  std::string text_when(Client& client, const std::string& expected) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    std::string text;
    do {
      text = on(client.index, [&] { return client.stream.text(); });
    } while (text.size() < expected.size() && std::chrono::steady_clock::now() < deadline);
    return text;
  }
  void end(Client& client) {
    on(client.index, [&] { client.stream.close(); });
    while (!client.ended) std::this_thread::yield();
    on(client.index, [] {});
  }
  static std::string numbers(std::int64_t first, std::int64_t last, int step = 1) {
    std::string text;
    for (std::int64_t id = first; id <= last; id += step) text += std::to_string(id) + " ";
    return text;
  }

  base::Metrics metrics_;
  IoThreads threads_{2};
  std::atomic<std::int64_t> stored_{0};
  LiveFeed feed_{threads_, *this, std::chrono::hours{1}, metrics_};
  std::vector<std::thread> running_;
};

TEST_F(LiveFeedTest, ASubscriberGetsWhatIsPublishedAfterIt) {
  publish(5);
  auto client = subscribe(1, "", 5);
  publish(3);
  publish(2);
  EXPECT_EQ(text_when(*client, numbers(6, 10)), numbers(6, 10));
  end(*client);
}

TEST_F(LiveFeedTest, HistoryComesFirstAndJoinsWithoutAGapOrARepeat) {
  publish(100);
  auto client = subscribe(0, "", 3);
  publish(10);
  EXPECT_EQ(text_when(*client, numbers(4, 110)), numbers(4, 110));
  end(*client);
}

TEST_F(LiveFeedTest, AChannelGetsItsPart) {
  publish(10);
  auto client = subscribe(0, "even", 0);
  publish(10);
  EXPECT_EQ(text_when(*client, numbers(2, 20, 2)), numbers(2, 20, 2));
  end(*client);
}

TEST_F(LiveFeedTest, ASlowSubscriberCatchesUpAndHoldsUpNobody) {
  auto slow = subscribe(0, "", 0);
  auto fast = subscribe(0, "", 0);
  on(0, [&] { slow->stream.set_reading(false); });
  std::string expected;
  // Enough for the queue of the slow one to pass its limit.
  while (on(0, [&] { return slow->stream.text().size(); }) < LiveFeed::kMaxQueuedBytes)
    publish(20000);
  for (int i = 0; i < 5; ++i) publish(1000);
  expected = numbers(1, stored_);
  EXPECT_EQ(text_when(*fast, expected), expected);
  EXPECT_LT(on(0, [&] { return slow->stream.text().size(); }), expected.size());
  on(0, [&] { slow->stream.set_reading(true); });
  EXPECT_EQ(text_when(*slow, expected), expected);
  end(*slow);
  end(*fast);
}

TEST_F(LiveFeedTest, JoiningAndLeavingUnderLoadLosesAndRepeatsNothing) {
  std::mt19937 random(11);
  std::atomic<bool> more{true};
  std::thread publisher([&] {
    for (int i = 0; i < 4000 && more; ++i) publish(1 + i % 5);
  });
  for (int round = 0; round < 24; ++round) {
    const std::int64_t after =
        static_cast<std::int64_t>(random() % static_cast<unsigned>(stored_ + 1));
    auto client = subscribe(round % 2, "", after);
    const std::int64_t target = stored_;
    const std::string expected = numbers(after + 1, target);
    const std::string text = text_when(*client, expected);
    EXPECT_EQ(text.substr(0, expected.size()), expected) << "after " << after;
    end(*client);
  }
  more = false;
  publisher.join();
}

TEST_F(LiveFeedTest, SlotsAreLimitedAndComeBack) {
  auto first = feed_.take_slot(2);
  {
    auto second = feed_.take_slot(2);
    EXPECT_TRUE(second);
    EXPECT_FALSE(feed_.take_slot(2));
  }
  EXPECT_TRUE(feed_.take_slot(2));
  EXPECT_EQ(feed_.subscribers(), 1u);
}

}  // namespace
}  // namespace net
