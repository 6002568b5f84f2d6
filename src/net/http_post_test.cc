#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>

#include "net/http_client.h"

namespace net {
namespace {

using testing::HasSubstr;

constexpr std::chrono::milliseconds kLimit{60};
constexpr std::chrono::seconds kFarTooLong{5};
constexpr std::string_view kAnswer =
    "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n"
    "{\"received\":1}";

std::string read_some(int socket) {
  char bytes[65536];
  const ssize_t got = ::recv(socket, bytes, sizeof bytes, 0);
  return {bytes, got > 0 ? static_cast<std::size_t>(got) : 0};
}

void send_text(int socket, std::string_view text) {
  EXPECT_EQ(::send(socket, text.data(), text.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(text.size()));
}

/// Waits until the client has hung up.
void outwait(int socket) {
  while (!read_some(socket).empty()) {
  }
}

/// A server that does what the test says with its first connection.
class HttpPostTest : public testing::Test {
 protected:
  HttpPostTest() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    socklen_t size = sizeof address_;
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address_), &size), 0);
    EXPECT_EQ(::listen(listener_, 0), 0);
  }
  ~HttpPostTest() override {
    if (server_.joinable()) server_.join();
    ::close(listener_);
  }

  void serve(std::function<void(int)> conversation) {
    server_ = std::thread([this, talk = std::move(conversation)] {
      const int client = ::accept(listener_, nullptr, nullptr);
      talk(client);
      ::close(client);
    });
  }

  base::Result<ClientResponse> post(std::string_view json = "{}", const std::string& token = {}) {
    const auto begin = std::chrono::steady_clock::now();
    auto answer = http_post({"127.0.0.1", ntohs(address_.sin_port), "/base"}, "/api/events", token,
                            json, kLimit);
    took_ = std::chrono::steady_clock::now() - begin;
    return answer;
  }

  void expect_time_is_up(std::string_view json = "{}") {
    const auto answer = post(json);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, base::Errc::unavailable);
    EXPECT_THAT(answer.error().what, HasSubstr("time is up"));
    EXPECT_GE(took_, kLimit);
    EXPECT_LT(took_, kFarTooLong);
  }

  int listener_ = -1;
  sockaddr_in address_{};
  std::thread server_;
  std::chrono::steady_clock::duration took_{};
};

TEST_F(HttpPostTest, SendsOneRequestAndReturnsItsAnswer) {
  std::string request;
  serve([&](int client) {
    while (!request.ends_with("{\"a\":1}")) request += read_some(client);
    send_text(client, kAnswer);
  });
  const auto answer = post("{\"a\":1}", "secret");
  server_.join();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, "{\"received\":1}");
  EXPECT_TRUE(request.starts_with("POST /base/api/events HTTP/1.1\r\n")) << request;
  EXPECT_THAT(request, HasSubstr("\r\nContent-Length: 7\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nAuthorization: Bearer secret\r\n"));
}

TEST_F(HttpPostTest, AnAnswerWithoutALengthEndsWithTheConnection) {
  serve([](int client) {
    read_some(client);
    send_text(client, "HTTP/1.1 503 Busy\r\n\r\nbusy");
  });
  const auto answer = post();
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->body, "busy");
}

TEST_F(HttpPostTest, ATokenThatWouldSplitTheHeadIsNotSent) {
  std::string request;
  serve([&](int client) {
    request = read_some(client);
    send_text(client, kAnswer);
  });
  EXPECT_TRUE(post("{}", "a\r\nX: y"));
  server_.join();
  EXPECT_EQ(request.find("X: y"), request.npos);
}

TEST_F(HttpPostTest, NobodyThereIsUnavailable) {
  ::close(std::exchange(listener_, -1));
  const auto answer = post();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, base::Errc::unavailable);
  EXPECT_THAT(answer.error().what, HasSubstr("127.0.0.1:"));
}

TEST_F(HttpPostTest, AServerThatLetsNobodyInMeetsTheDeadline) {
  std::vector<int> crowd;  // fills the queue of connections that nobody accepts
  for (int i = 0; i < 8; ++i) {
    crowd.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    ::connect(crowd.back(), reinterpret_cast<sockaddr*>(&address_), sizeof address_);
  }
  pollfd first{crowd.front(), POLLOUT, 0};
  ASSERT_EQ(::poll(&first, 1, 1000), 1);
  expect_time_is_up();
  for (const int socket : crowd) ::close(socket);
}

TEST_F(HttpPostTest, AServerThatReadsNothingMeetsTheDeadline) {
  std::atomic<bool> done = false;
  serve([&](int) { done.wait(false); });
  expect_time_is_up(std::string(std::size_t{32} << 20, 'x'));
  done = true;
  done.notify_all();
  server_.join();
}

TEST_F(HttpPostTest, AServerThatAnswersNothingMeetsTheDeadline) {
  serve(outwait);
  expect_time_is_up();
}

TEST_F(HttpPostTest, AServerThatStopsInsideItsAnswerMeetsTheDeadline) {
  for (const std::size_t cut : {1u, 12u, 30u, 70u}) {
    serve([cut](int client) {
      read_some(client);
      send_text(client, kAnswer.substr(0, kAnswer.size() * cut / 100));
      outwait(client);
    });
    expect_time_is_up();
    server_.join();
  }
}

TEST_F(HttpPostTest, AServerThatSendsByteAfterByteMeetsTheDeadline) {
  serve([](int client) {
    read_some(client);
    pollfd gone{client, POLLIN, 0};
    send_text(client, "HTTP/1.1 200 OK\r\nX: ");
    while (::poll(&gone, 1, 2) == 0)
      if (::send(client, "y", 1, MSG_NOSIGNAL) != 1) break;
  });
  expect_time_is_up();
}

TEST_F(HttpPostTest, AnAnswerThatBreaksOffIsUnavailable) {
  for (const std::size_t cut : {0u, 10u, 50u, 99u}) {
    serve([cut](int client) {
      read_some(client);
      send_text(client, kAnswer.substr(0, kAnswer.size() * cut / 100));
    });
    const auto answer = post();
    ASSERT_FALSE(answer) << cut;
    EXPECT_EQ(answer.error().code, base::Errc::unavailable);
    server_.join();
  }
}

TEST_F(HttpPostTest, WhatIsNoHttpIsUnavailable) {
  serve([](int client) {
    read_some(client);
    send_text(client, "SSH-2.0-OpenSSH_9.2\r\n");
    outwait(client);
  });
  EXPECT_FALSE(post());
}

TEST(HttpUrlTest, TakesApartWhatItCanReach) {
  const auto parts = [](std::string_view text) {
    const auto url = parse_http_url(text);
    return url ? url->authority() + " " + url->path : "refused";
  };
  EXPECT_EQ(parts("http://127.0.0.1:3141"), "127.0.0.1:3141 ");
  EXPECT_EQ(parts("http://127.0.0.1:3141/"), "127.0.0.1:3141 ");
  EXPECT_EQ(parts("HTTP://LocalHost"), "localhost:80 ");
  EXPECT_EQ(parts("http://[::1]:3141/a/b//"), "[::1]:3141 /a/b");
  EXPECT_EQ(parts("http://monitor.lan:1/x"), "monitor.lan:1 /x");
}

TEST(HttpUrlTest, RefusesTheRest) {
  for (const char* text : {"",
                           "127.0.0.1:3141",
                           "https://127.0.0.1",
                           "http://",
                           "http://:1",
                           "http://a:0",
                           "http://a:65536",
                           "http://a:1x",
                           "http://a:",
                           "http://u@a",
                           "http://a/?q",
                           "http://a/ b",
                           "http://a/\r\nX: y",
                           "http://../",
                           "http://[::1",
                           "http://[::1]1",
                           "http://a b",
                           "http://a\n",
                           "http://a/\"b",
                           "http://a:999999999999"}) {
    const auto url = parse_http_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, base::Errc::invalid_argument);
  }
}

}  // namespace
}  // namespace net
