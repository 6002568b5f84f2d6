#include "subscribers.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "socket.h"

namespace bench {
namespace {

const std::string kHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string to_chunk(const std::string& payload) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", payload.size());
  return size + payload + "\r\n";
}

const std::string kEvent = to_chunk("event: taskcast.event\ndata: {}\nid: 1\n\n");

/// What one client is sent, and whether its connection is closed then.
struct Answer {
  std::string bytes;
  bool closes = false;
};

/// Takes so many clients, and only then reads their requests and answers in the order of coming.
/// The connections stay open while it lives.
class StreamServer {
 public:
  explicit StreamServer(std::vector<Answer> answers)
      : answers_(std::move(answers)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_.get(), generic, bytes), 0);
    EXPECT_EQ(::listen(listener_.get(), 100), 0);
    EXPECT_EQ(::getsockname(listener_.get(), generic, &bytes), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~StreamServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }

  std::uint16_t port() const { return port_; }

 private:
  void serve() {
    for (std::size_t i = 0; i < answers_.size(); ++i) {
      Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client) return;
      clients_.push_back(std::move(client));
    }
    for (std::size_t i = 0; i < answers_.size(); ++i) {
      char buffer[4096];
      if (::recv(clients_[i].get(), buffer, sizeof buffer, 0) <= 0) return;
      EXPECT_TRUE(send_all(clients_[i], answers_[i].bytes).ok());
      if (answers_[i].closes) clients_[i].reset();
    }
  }

  const std::vector<Answer> answers_;
  const Fd listener_;
  std::uint16_t port_ = 0;
  std::vector<Fd> clients_;
  std::thread thread_;
};

Subscription at_once(const StreamServer& server, int clients) {
  return {.port = server.port(),
          .clients = clients,
          .stream = StreamScanner::Stream::task,
          .target = "/tasks/t/events",
          .ready = Subscription::Ready::asked};
}

TEST(Subscribers, AskOnlyWhenAllAreConnectedAndCountWhatEachGot) {
  const StreamServer server({{kHead + kEvent + kEvent}, {kHead + kEvent + kEvent}});
  auto subscribers = Subscribers::connect(at_once(server, 2));
  ASSERT_TRUE(subscribers.ok()) << subscribers.error().what;
  const Delivery seen = subscribers.value()->finish(2);
  EXPECT_TRUE(seen.all_arrived);
  EXPECT_EQ(seen.messages, 4u);
  EXPECT_EQ(seen.refused, 0);
  EXPECT_EQ(seen.disconnected, 0);
  EXPECT_GE(seen.last_arrival, subscribers.value()->started());
}

TEST(Subscribers, TellWhoWasRefusedAndWhoWasCutOff) {
  const std::string refusal = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
  const StreamServer server({{kHead + kEvent, true}, {refusal, true}, {kHead + kEvent + kEvent}});
  auto subscribers = Subscribers::connect(at_once(server, 3));
  ASSERT_TRUE(subscribers.ok()) << subscribers.error().what;
  const Delivery seen = subscribers.value()->finish(2);
  EXPECT_FALSE(seen.all_arrived);
  EXPECT_EQ(seen.messages, 3u);
  EXPECT_EQ(seen.refused, 1);
  EXPECT_EQ(seen.disconnected, 1);
}

TEST(Subscribers, CountWhatStandsBeforeTheEndOfAConnection) {
  std::string long_stream = kHead;
  for (int i = 0; i < 20'000; ++i) long_stream += kEvent;
  const StreamServer server({{long_stream, true}});
  auto subscribers = Subscribers::connect(at_once(server, 1));
  ASSERT_TRUE(subscribers.ok()) << subscribers.error().what;
  const Delivery seen = subscribers.value()->finish(20'000);
  EXPECT_TRUE(seen.all_arrived);
  EXPECT_EQ(seen.messages, 20'000u);
}

TEST(Subscribers, AreReadyWithTheHeadOfASilentStream) {
  const StreamServer server({{kHead}});
  Subscription one = at_once(server, 1);
  one.ready = Subscription::Ready::head;
  auto subscribers = Subscribers::connect(one);
  ASSERT_TRUE(subscribers.ok()) << subscribers.error().what;
  EXPECT_TRUE(subscribers.value()->finish(0).all_arrived);
}

TEST(Subscribers, AreNotMadeWhenOneIsRefused) {
  const StreamServer server({{"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", true}});
  Subscription one = at_once(server, 1);
  one.ready = Subscription::Ready::head;
  const auto subscribers = Subscribers::connect(one);
  ASSERT_FALSE(subscribers.ok());
  EXPECT_EQ(subscribers.error().what, "a subscriber was refused, status 404");
}

}  // namespace
}  // namespace bench
