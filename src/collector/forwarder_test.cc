#include "collector/forwarder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/json_reader.h"
#include "sender_fixture.h"
#include "test_executor.h"

namespace collector {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

class ForwarderTest : public testing::Test {
 protected:
  ForwarderTest() {
    settings_.api_key = "secret";
    settings_.batch_size = 2;
    auto opened = Buffer::open({":memory:", 100'000}, clock_, metrics_);
    buffer_ = std::move(*opened);
  }
  ~ForwarderTest() override {
    if (forwarder_) executor_.await(ended());
    buffer_->stop();
    writer_.join();
  }

  void start() {
    forwarder_.emplace(executor_, settings_, *net::parse_url("http://backend.example/base"),
                       *buffer_, sender_, timer_, clock_, metrics_);
    writer_ = std::thread([this] { buffer_->run(); });
  }
  void run() { forwarder_->run().detach(); }
  base::Task<bool> ended() {
    co_await forwarder_->stop(seconds{10});
    co_return true;
  }
  void store(const std::vector<std::string>& ids) {
    std::vector<AgentEvent> events;
    for (const std::string& id : ids) {
      AgentEvent& event = events.emplace_back();
      event.id = id;
      event.agent_id = "claude";
      event.session_id = "s" + std::to_string(events.size() % 3);
    }
    ASSERT_TRUE(executor_.await(buffer_->store(std::move(events), {})).ok());
  }
  void store_large(const std::vector<std::string>& ids, std::size_t bytes) {
    std::vector<AgentEvent> events;
    for (const std::string& id : ids) {
      AgentEvent& event = events.emplace_back();
      event.id = id;
      event.data = "\"text\":\"" + std::string(bytes, 'x') + '"';
    }
    ASSERT_TRUE(executor_.await(buffer_->store(std::move(events), {})).ok());
  }
  /// Hangs up under bodies of more than `bytes`.
  void take_at_most(std::size_t bytes) {
    sender_.answer =
        [this, bytes](const net::ClientRequest& request) -> base::Result<net::ClientResponse> {
      if (request.method == "GET") return net::ClientResponse{200, ""};
      if (request.body.size() > bytes) return base::Error{base::Errc::gone, "reset"};
      const auto ids = ids_of(request.body);
      taken_.insert(taken_.end(), ids.begin(), ids.end());
      return net::ClientResponse{201, ""};
    };
  }
  /// From now on nothing can be changed in the buffer this way.
  void fill_disk(const std::string& when) {
    const Buffer::Work work = [when](store::Database& db) {
      return db.execute("CREATE TRIGGER full BEFORE " + when +
                        " BEGIN SELECT RAISE(FAIL, 'disk full'); END");
    };
    ASSERT_TRUE(executor_.await(buffer_->change(work)).ok());
  }
  void free_disk() {
    const Buffer::Work work = [](store::Database& db) { return db.execute("DROP TRIGGER full"); };
    ASSERT_TRUE(executor_.await(buffer_->change(work)).ok());
  }
  std::string reasons() {
    std::string all;
    const Buffer::Work read = [&](store::Database& db) -> base::Result<void> {
      TRY(const auto found, db.text("SELECT group_concat(event_id || ' ' || reason) FROM "
                                    "sightline_parked"));
      all = found.value_or("");
      return {};
    };
    EXPECT_TRUE(executor_.await(buffer_->change(read)).ok());
    return all;
  }
  milliseconds next_wait() { return executor_.await(timer_.next()); }
  /// How long the next wait is, which ends then.
  milliseconds pass() {
    const milliseconds period = next_wait();
    timer_.elapse();
    return period;
  }
  /// Answers with these statuses, the last one ever after.
  void answer(std::vector<int> statuses) {
    sender_.answer = [statuses, at = std::size_t{0}](const net::ClientRequest&) mutable {
      const int status = statuses[std::min(at++, statuses.size() - 1)];
      return net::ClientResponse{status, "because"};
    };
  }
  static std::vector<std::string> ids_of(const std::string& body) {
    std::vector<std::string> ids;
    base::json::Document document;
    const auto json = document.parse(body);
    for (const auto& event : json->elements()) ids.emplace_back(event.find("id")->text());
    return ids;
  }
  /// Takes each event once, except `bad` ones, for which it refuses the whole request.
  void reject(std::vector<std::string> bad, int status) {
    sender_.answer = [this, bad, status](const net::ClientRequest& request) {
      const auto ids = ids_of(request.body);
      for (const std::string& id : ids)
        if (std::find(bad.begin(), bad.end(), id) != bad.end())
          return net::ClientResponse{status, "no " + id};
      taken_.insert(taken_.end(), ids.begin(), ids.end());
      return net::ClientResponse{201, ""};
    };
  }

  Settings settings_;
  support::FakeClock clock_;
  base::Metrics metrics_;
  support::TestExecutor executor_;
  std::unique_ptr<Buffer> buffer_;
  FakeSender sender_;
  FakeTimer timer_;
  std::optional<Forwarder> forwarder_;
  std::thread writer_;
  std::vector<std::string> taken_;
};

TEST_F(ForwarderTest, Vector13_AWholeBatchIsOneRequest) {
  start();
  store({"1", "2"});
  run();
  EXPECT_EQ(next_wait(), seconds{5});
  ASSERT_EQ(sender_.requests.size(), 1u);
  const net::ClientRequest& request = sender_.requests[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url.path + request.target, "/base/api/events/batch");
  EXPECT_EQ(request.time_limit, seconds{30});
  EXPECT_FALSE(request.gzip);
  EXPECT_THAT(request.headers, ElementsAre(testing::Pair("Content-Type", "application/json"),
                                           testing::Pair("Authorization", "Bearer secret"),
                                           testing::Pair("User-Agent", "devlog-collector/1.0")));
  EXPECT_THAT(ids_of(request.body), ElementsAre("1", "2"));
  EXPECT_EQ(buffer_->count(), 0);
  EXPECT_TRUE(forwarder_->state().connected);
  EXPECT_EQ(forwarder_->state().sent, 2u);
}

TEST_F(ForwarderTest, LessThanABatchLeavesAfterTheInterval) {
  start();
  store({"1"});
  run();
  EXPECT_EQ(next_wait(), seconds{5});
  EXPECT_TRUE(sender_.requests.empty());
  timer_.elapse();
  EXPECT_EQ(next_wait(), seconds{5});
  EXPECT_EQ(sender_.requests.size(), 1u);
}

TEST_F(ForwarderTest, AWaitEndsWhenTheBatchIsFull) {
  start();
  run();
  EXPECT_EQ(next_wait(), seconds{5});
  store({"1", "2"});
  while (sender_.requests.empty()) executor_.run_posted();
  EXPECT_THAT(ids_of(sender_.requests[0].body), ElementsAre("1", "2"));
}

TEST_F(ForwarderTest, TheOlderProtocolWrapsTheEvents) {
  settings_.protocol = Settings::Protocol::legacy;
  start();
  store({"1", "2"});
  run();
  next_wait();
  EXPECT_EQ(sender_.requests[0].target, "/api/v1/agent/events/batch");
  EXPECT_THAT(sender_.requests[0].body, testing::StartsWith("{\"events\":[{\"id\":\"1\""));
  EXPECT_THAT(sender_.requests[0].body, testing::EndsWith("}]}"));
}

TEST_F(ForwarderTest, Vector12_AFailingBackendIsTriedAgainWithGrowingWaits) {
  settings_.batch_size = 1;
  answer({500, 500, 201});
  start();
  store({"1"});
  run();
  EXPECT_EQ(pass(), seconds{1});
  EXPECT_EQ(forwarder_->state().last_error, "unexpected status 500: because");
  EXPECT_EQ(pass(), seconds{2});
  EXPECT_EQ(next_wait(), seconds{5});
  EXPECT_EQ(sender_.requests.size(), 3u);
  EXPECT_EQ(buffer_->count(), 0);
  EXPECT_EQ(forwarder_->state().last_error, "");
}

TEST_F(ForwarderTest, D04_D05_WhatFailsFinallyStaysAndIsTriedAnew) {
  settings_.max_retries = 1;
  sender_.answer = [](const net::ClientRequest&) -> base::Result<net::ClientResponse> {
    return base::Error{base::Errc::unavailable, "no route"};
  };
  start();
  store({"1", "2"});
  run();
  EXPECT_EQ(pass(), seconds{1});
  EXPECT_EQ(pass(), seconds{2});
  EXPECT_EQ(pass(), seconds{4});
  EXPECT_EQ(pass(), seconds{8});
  for (int i = 0; i < 10; ++i) pass();
  EXPECT_EQ(pass(), seconds{60});
  EXPECT_EQ(buffer_->count(), 2);
  EXPECT_EQ(forwarder_->state().last_error, "request failed: no route");
  answer({204});
  EXPECT_EQ(next_wait(), seconds{5});
  EXPECT_EQ(buffer_->count(), 0);
}

TEST_F(ForwarderTest, D26_NoRetriesIsOneAttemptARound) {
  settings_.max_retries = 0;
  answer({503});
  start();
  store({"1", "2"});
  run();
  testing::internal::CaptureStderr();
  pass();
  next_wait();
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("Failed to send batch (attempt 1/1): unexpected status 503: because"));
}

TEST_F(ForwarderTest, D27_TheWaitThatTheBackendAsksForIsKept) {
  sender_.answer = [](const net::ClientRequest&) {
    return net::ClientResponse{429, "", {{"Retry-After", "33"}}};
  };
  start();
  store({"1", "2"});
  run();
  EXPECT_EQ(next_wait(), seconds{33});
}

TEST_F(ForwarderTest, D27_BadEventsAreIsolatedAndSetAside) {
  settings_.batch_size = 8;
  reject({"3", "8"}, 422);
  start();
  store({"1", "2", "3", "4", "5", "6", "7", "8"});
  run();
  EXPECT_EQ(next_wait(), seconds{5});
  EXPECT_THAT(taken_, ElementsAre("1", "2", "4", "5", "6", "7"));
  EXPECT_EQ(buffer_->count(), 0);
  EXPECT_EQ(forwarder_->state().parked, 2u);
  EXPECT_EQ(forwarder_->state().last_parked, "unexpected status 422: no 8");
  EXPECT_EQ(reasons(), "3 unexpected status 422: no 3,8 unexpected status 422: no 8");
}

TEST_F(ForwarderTest, AFailureWhileIsolatingLosesNothing) {
  settings_.batch_size = 4;
  int asked = 0;
  sender_.answer = [&](const net::ClientRequest& request) {
    ++asked;
    if (asked == 1) return net::ClientResponse{400, ""};
    if (asked == 3) return net::ClientResponse{502, ""};
    const auto ids = ids_of(request.body);
    taken_.insert(taken_.end(), ids.begin(), ids.end());
    return net::ClientResponse{201, ""};
  };
  start();
  store({"1", "2", "3", "4"});
  run();
  EXPECT_EQ(pass(), seconds{1});
  EXPECT_EQ(pass(), seconds{5});
  next_wait();
  EXPECT_THAT(taken_, ElementsAre("1", "2", "3", "4"));
  EXPECT_EQ(buffer_->count(), 0);
}

TEST_F(ForwarderTest, AConnectionThatIsCutOffUnderLargeBodiesGetsSmallerOnes) {
  settings_.batch_size = 8;
  take_at_most(120'000);
  start();
  store_large({"1", "2", "3", "4", "5", "6", "7", "8"}, 50'000);
  run();
  for (int halved = 0; halved < 2; ++halved) {
    EXPECT_EQ(pass(), seconds{1});
    EXPECT_EQ(pass(), seconds{2});
  }
  EXPECT_EQ(next_wait(), seconds{5});
  EXPECT_THAT(taken_, ElementsAre("1", "2", "3", "4", "5", "6", "7", "8"));
  EXPECT_EQ(buffer_->count(), 0);
  EXPECT_EQ(forwarder_->state().parked, 0u);
}

TEST_F(ForwarderTest, AnEventThatNeverGetsThroughIsSetAsideOnlyWhenTheBackendIsWell) {
  settings_.batch_size = 2;
  settings_.max_retries = 10;
  take_at_most(90'000);
  const auto well = sender_.answer;
  sender_.answer = [](const net::ClientRequest&) -> base::Result<net::ClientResponse> {
    return base::Error{base::Errc::gone, "reset"};
  };
  start();
  store_large({"1"}, 100'000);
  store({"2"});
  run();
  while (sender_.requests.empty() || sender_.requests.back().method != "GET") pass();
  next_wait();
  EXPECT_EQ(buffer_->count(), 2);
  sender_.answer = well;
  while (buffer_->count() > 0) pass();
  EXPECT_THAT(taken_, ElementsAre("2"));
  EXPECT_THAT(reasons(), testing::StartsWith("1 the backend hangs up under it, 100"));
}

TEST_F(ForwarderTest, AConnectionThatIsCutOffUnderASmallBodyIsNoReasonForSmallerOnes) {
  sender_.answer = [](const net::ClientRequest&) -> base::Result<net::ClientResponse> {
    return base::Error{base::Errc::gone, "reset"};
  };
  start();
  store({"1", "2"});
  run();
  for (int i = 0; i < 8; ++i) pass();
  for (const net::ClientRequest& request : sender_.requests)
    EXPECT_THAT(ids_of(request.body), ElementsAre("1", "2"));
}

TEST_F(ForwarderTest, WhatCannotBeSetAsideIsNotSentOverAndOver) {
  settings_.batch_size = 1;
  reject({"1"}, 400);
  start();
  store({"1"});
  fill_disk("INSERT ON sightline_parked");
  run();
  EXPECT_EQ(pass(), seconds{1});
  EXPECT_EQ(pass(), seconds{1});
  next_wait();
  EXPECT_EQ(sender_.requests.size(), 1u);
  free_disk();
  timer_.elapse();
  EXPECT_EQ(next_wait(), seconds{5});
  EXPECT_EQ(forwarder_->state().parked, 1u);
}

TEST_F(ForwarderTest, AWrongKeyLosesNothingAndIsTriedSlowly) {
  answer({401});
  start();
  store({"1", "2"});
  run();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pass(), minutes{1});
  next_wait();
  EXPECT_EQ(sender_.requests.size(), 4u);
  EXPECT_EQ(buffer_->count(), 2);
  EXPECT_EQ(forwarder_->state().last_error, "unexpected status 401: because");
  EXPECT_FALSE(forwarder_->state().connected);
}

TEST_F(ForwarderTest, Vector22_TenThousandEventsArriveOnceAndInOrder) {
  settings_.batch_size = 1000;
  answer({503});
  start();
  std::vector<std::string> ids;
  for (int i = 0; i < 10'000; ++i) ids.push_back(std::to_string(i));
  store(ids);
  run();
  for (int i = 0; i < 6; ++i) pass();
  next_wait();
  reject({}, 400);
  timer_.elapse();
  EXPECT_EQ(next_wait(), seconds{5});
  EXPECT_EQ(taken_, ids);
}

TEST_F(ForwarderTest, CompressionBeginsWhenTheBackendSaysThatItTakesIt) {
  settings_.batch_size = 1;
  sender_.answer = [](const net::ClientRequest& request) {
    if (request.gzip) return net::ClientResponse{415, ""};
    return net::ClientResponse{201, "", {{"accept-encoding", "br, GZIP;q=0.5"}}};
  };
  start();
  store({"1", "2", "3"});
  run();
  next_wait();
  ASSERT_EQ(sender_.requests.size(), 4u);
  EXPECT_FALSE(sender_.requests[0].gzip);
  EXPECT_TRUE(sender_.requests[1].gzip);   // refused after all:
  EXPECT_FALSE(sender_.requests[2].gzip);  // once more without
  EXPECT_FALSE(sender_.requests[3].gzip);
}

TEST_F(ForwarderTest, D29_TheEndSendsWhatIsLeft) {
  start();
  store({"1"});
  run();
  next_wait();
  EXPECT_TRUE(executor_.await(ended()));
  EXPECT_EQ(sender_.requests.size(), 1u);
  EXPECT_EQ(buffer_->count(), 0);
  EXPECT_TRUE(executor_.await(ended()));
}

TEST_F(ForwarderTest, D29_TheEndDoesNotWaitForABackendThatIsAway) {
  answer({500});
  start();
  store({"1", "2"});
  run();
  next_wait();
  testing::internal::CaptureStderr();
  EXPECT_TRUE(executor_.await(ended()));
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("Failed to flush batch on shutdown: unexpected status 500"));
  EXPECT_EQ(sender_.requests.size(), 2u);
  EXPECT_EQ(buffer_->count(), 2);
}

TEST_F(ForwarderTest, TheEndSendsNothingTwiceWhenTheDiskIsFull) {
  sender_.answer = [this](const net::ClientRequest&) {
    return net::ClientResponse{sender_.requests.size() < 100 ? 201 : 500, ""};
  };
  start();
  store({"1"});
  fill_disk("DELETE ON events");
  run();
  next_wait();
  EXPECT_TRUE(executor_.await(ended()));
  EXPECT_EQ(sender_.requests.size(), 1u);
  EXPECT_EQ(buffer_->count(), 1);
}

TEST_F(ForwarderTest, D29_ARequestThatHangsIsCutOff) {
  sender_.hangs = true;
  start();
  store({"1", "2"});
  run();
  while (sender_.requests.empty()) executor_.run_posted();
  bool is_over = false;
  const auto end = [&]() -> base::Task<void> {
    co_await ended();
    is_over = true;
  };
  end().detach();
  EXPECT_EQ(next_wait(), seconds{10});
  EXPECT_FALSE(is_over);
  timer_.elapse();
  while (!is_over) executor_.run_posted();
  EXPECT_TRUE(sender_.cancelled);
  EXPECT_EQ(buffer_->count(), 2);
}

TEST_F(ForwarderTest, HealthIs200AndNothingElse) {
  start();
  const auto health = [&] {
    return executor_.await(check_health(sender_, *net::parse_url("http://b")));
  };
  answer({200, 204});
  EXPECT_TRUE(health().ok());
  EXPECT_EQ(health().error().what, "unhealthy: status 204");
  EXPECT_EQ(sender_.requests[0].method + sender_.requests[0].target, "GET/api/health");
}

}  // namespace
}  // namespace collector
