#include "net/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "net/response_stream.h"

namespace net {
namespace {

constexpr std::size_t kParts = 2, kPartBytes = 12 << 20;

base::Task<void> send_parts(ResponseStream& stream) {
  const std::string part(kPartBytes, 'x');
  for (std::size_t i = 0; i < kParts && !stream.is_closed(); ++i) {
    co_await stream.drained();
    stream.send(share(part));
  }
}

base::Task<Response> answer(Request&) {
  Response response = Response::text(200, "text/plain", {});
  response.stream_ends = true;
  response.stream = send_parts;
  co_return response;
}

/// A client whose buffer is small, so that the server feels how fast it reads.
class Client {
 public:
  Client(std::uint16_t port, const std::string& request)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int bytes = 64 << 10;
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::send(socket_, request.data(), request.size(), 0),
              static_cast<ssize_t>(request.size()));
  }
  Client(const Client&) = delete;
  ~Client() { ::close(socket_); }

  /// Bytes until the server has nothing more to say; `every` lies between two reads.
  std::size_t read_all(std::chrono::milliseconds every) {
    std::vector<char> buffer(64 << 10);
    std::size_t bytes = 0;
    for (;;) {
      if (every.count() > 0) ::poll(nullptr, 0, static_cast<int>(every.count()));
      const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
      if (got <= 0) {
        error = got < 0 ? errno : 0;
        return bytes;
      }
      bytes += static_cast<std::size_t>(got);
      const std::string_view end(buffer.data() + got - std::min<ssize_t>(got, 5),
                                 static_cast<std::size_t>(std::min<ssize_t>(got, 5)));
      if (end == "0\r\n\r\n") return bytes;
    }
  }

  int error = 0;  // with which reading ended

 private:
  const int socket_;
};

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() {
    router_.get("/long", answer);
    ServerOptions options;
    options.write_timeout = std::chrono::seconds{1};
    server_ = std::make_unique<HttpServer>(threads_, router_, std::move(options), metrics_);
    port_ = *server_->listen("127.0.0.1", 0);
    thread_ = std::thread([this] { threads_.at(0).run(); });
    server_->start();
  }
  ~HttpServerTest() override {
    server_->stop(std::chrono::milliseconds{0});
    threads_.at(0).post([this] { threads_.at(0).stop(); });
    thread_.join();
  }

  base::Metrics metrics_;
  IoThreads threads_{1};
  Router router_;
  std::unique_ptr<HttpServer> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

// The limit is on reading nothing, not on how long the whole takes.
TEST_F(HttpServerTest, WhoeverReadsSlowlyButSteadilyGetsALongAnswer) {
  for (const std::string version : {"1.1", "1.0"}) {
    Client client(port_, "GET /long HTTP/" + version + "\r\nHost: localhost\r\n\r\n");
    EXPECT_GT(client.read_all(std::chrono::milliseconds{10}), kParts * kPartBytes) << version;
    EXPECT_EQ(client.error, 0) << version;
  }
}

TEST_F(HttpServerTest, AnAnswerThatIsBrokenOffEndsInAReset) {
  Client client(port_, "GET /long HTTP/1.0\r\nHost: localhost\r\n\r\n");
  while (server_->connections() == 0) std::this_thread::yield();
  while (server_->connections() > 0) ::poll(nullptr, 0, 10);
  EXPECT_LT(client.read_all({}), kParts * kPartBytes);
  EXPECT_EQ(client.error, ECONNRESET);
}

}  // namespace
}  // namespace net
