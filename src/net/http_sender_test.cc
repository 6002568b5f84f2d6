#include "net/http_sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "net/content_coding.h"
#include "test_executor.h"

namespace net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kAnswer =
    "HTTP/1.1 201 Created\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nok";

constexpr std::string_view kTooLarge =
    "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n";

/// The other end of a connection.
class Peer {
 public:
  explicit Peer(int socket) : socket_(socket) {}
  ~Peer() {
    if (tls_) SSL_free(tls_);
    ::close(socket_);
  }
  Peer(const Peer&) = delete;

  bool secure(SSL_CTX* context) {
    tls_ = SSL_new(context);
    SSL_set_fd(tls_, socket_);
    return SSL_accept(tls_) == 1;
  }
  /// A request, head and body; what there is of it when the client hangs up.
  std::string read() {
    std::string text;
    char bytes[65536];
    for (;;) {
      const std::size_t head = text.find("\r\n\r\n");
      const std::size_t length = text.find("Content-Length: ");
      const std::size_t body =
          length < head ? static_cast<std::size_t>(std::stoul(text.substr(length + 16))) : 0;
      if (head != text.npos && text.size() >= head + 4 + body) return text;
      const auto got = tls_ ? SSL_read(tls_, bytes, sizeof bytes)
                            : static_cast<int>(::recv(socket_, bytes, sizeof bytes, 0));
      if (got <= 0) return text;
      text.append(bytes, static_cast<std::size_t>(got));
    }
  }
  /// A part of a request, with its beginning.
  std::string read_some() {
    char bytes[4096];
    const auto got = tls_ ? SSL_read(tls_, bytes, sizeof bytes)
                          : static_cast<int>(::recv(socket_, bytes, sizeof bytes, 0));
    return got > 0 ? std::string(bytes, static_cast<std::size_t>(got)) : std::string();
  }
  void write(std::string_view text) {
    if (tls_)
      SSL_write(tls_, text.data(), static_cast<int>(text.size()));
    else
      ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
  }

 private:
  int socket_;
  SSL* tls_ = nullptr;
};

/// A server that has one conversation a connection, as the test says; and the sender.
class HttpSenderTest : public testing::Test {
 protected:
  HttpSenderTest() : loop_([this] { thread_.run(); }) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = std::to_string(ntohs(address.sin_port));
    EXPECT_EQ(::listen(listener_, 8), 0);
  }
  ~HttpSenderTest() override {
    if (sender_) on_thread([this] { sender_->cancel(); });
    if (server_.joinable()) server_.join();
    ::close(listener_);
    thread_.stop();
    loop_.join();
  }

  using Conversation = std::function<void(Peer&)>;
  void serve(std::vector<Conversation> conversations) {
    server_ = std::thread([this, talks = std::move(conversations)] {
      for (const Conversation& talk : talks) {
        Peer peer(::accept(listener_, nullptr, nullptr));
        talk(peer);
      }
    });
  }
  static Conversation answering(std::string text, int times = 1) {
    return [text = std::move(text), times](Peer& peer) {
      for (int i = 0; i < times; ++i) {
        peer.read();
        peer.write(text);
      }
      peer.read();
    };
  }

  void on_thread(std::function<void()> work) {
    std::promise<void> done;
    thread_.post([&] {
      work();
      done.set_value();
    });
    done.get_future().get();
  }
  ClientRequest request(const std::string& scheme_and_host = "http://127.0.0.1") {
    ClientRequest request;
    request.url = *parse_url(scheme_and_host + ":" + port_);
    request.target = "/api/x";
    request.body = "{}";
    request.time_limit = seconds{20};
    return request;
  }
  base::Task<void> send(ClientRequest request, std::promise<base::Result<ClientResponse>>& answer) {
    if (!sender_) sender_ = HttpSender::create(thread_, options_);
    auto result = co_await sender_->send(std::move(request));
    answer.set_value(std::move(result));
  }
  base::Result<ClientResponse> send(ClientRequest request) {
    std::promise<base::Result<ClientResponse>> answer;
    thread_.post([&] { send(std::move(request), answer).detach(); });
    return answer.get_future().get();
  }
  std::string refusal(ClientRequest request) {
    const auto answer = send(std::move(request));
    return answer ? "answered " + std::to_string(answer->status) : answer.error().what;
  }

  IoThread thread_;
  std::thread loop_;
  ClientOptions options_;
  std::unique_ptr<HttpSender> sender_;
  int listener_ = -1;
  std::string port_;
  std::thread server_;
};

TEST_F(HttpSenderTest, ARequestIsSentAndItsAnswerGivenBack) {
  std::string seen;
  serve({[&](Peer& peer) {
    seen = peer.read();
    peer.write(kAnswer);
  }});
  ClientRequest asked = request();
  asked.headers = {{"Authorization", "Bearer k"}};
  const auto answer = send(asked);
  ASSERT_TRUE(answer.ok()) << answer.error().what;
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, "ok");
  EXPECT_EQ(answer->header("retry-after"), "7");
  EXPECT_EQ(answer->header("none"), "");
  EXPECT_EQ(seen, "POST /api/x HTTP/1.1\r\nHost: 127.0.0.1:" + port_ +
                      "\r\nAuthorization: Bearer k\r\nContent-Length: 2\r\n\r\n{}");
}

TEST_F(HttpSenderTest, AConnectionIsUsedAgain) {
  serve({answering(std::string(kAnswer), 3)});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(send(request()).ok());
}

TEST_F(HttpSenderTest, AConnectionThatTheServerClosedIsReplaced) {
  const auto once = [](Peer& peer) {
    peer.read();
    peer.write(kAnswer);
  };
  const auto silent_at_the_second = [](Peer& peer) {
    peer.read();
    peer.write(kAnswer);
    peer.read();
  };
  serve({once, silent_at_the_second, once});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(send(request()).ok()) << i;
}

TEST_F(HttpSenderTest, AConnectionThatTheServerWantsClosedIsNotUsedAgain) {
  const auto close = answering("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  serve({close, close});
  EXPECT_EQ(send(request())->status, 204);
  EXPECT_EQ(send(request())->status, 204);
}

TEST_F(HttpSenderTest, ABodyIsCompressedOnDemand) {
  std::string seen;
  serve({[&](Peer& peer) {
    seen = peer.read();
    peer.write(kAnswer);
  }});
  ClientRequest asked = request();
  asked.body = std::string(100'000, 'x');
  asked.gzip = true;
  EXPECT_TRUE(send(asked).ok());
  EXPECT_THAT(seen, HasSubstr("Content-Encoding: gzip\r\n"));
  std::string body = seen.substr(seen.find("\r\n\r\n") + 4);
  EXPECT_LT(body.size(), 1000u);
  EXPECT_FALSE(decode_content("gzip", 1 << 20, body));
  EXPECT_EQ(body, asked.body);
}

TEST_F(HttpSenderTest, ChunksAndInterimAnswersAreUnderstood) {
  serve(
      {answering("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
                 "chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")});
  EXPECT_EQ(send(request())->body, "abc");
}

TEST_F(HttpSenderTest, ARedirectIsGivenBackNotFollowed) {
  serve({answering("HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n")});
  EXPECT_EQ(send(request())->status, 302);
}

TEST_F(HttpSenderTest, AnAnswerThatIsTooLargeIsRefused) {
  options_.max_answer_bytes = 1000;
  const auto large = answering("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n");
  const auto endless = answering("HTTP/1.1 200 OK\r\n\r\n" + std::string(2000, 'x'));
  const auto heads = answering("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n");
  serve({large, endless, heads});
  for (int i = 0; i < 3; ++i) EXPECT_THAT(refusal(request()), HasSubstr("no HTTP: "));
}

TEST_F(HttpSenderTest, AnAnswerThatBreaksOffIsNone) {
  const auto torn = [](Peer& peer) {
    peer.read();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab");
  };
  serve({torn, [](Peer& peer) { peer.read(); }, answering("SSH-2.0-x\r\n")});
  EXPECT_THAT(refusal(request()), HasSubstr("breaks off"));
  EXPECT_THAT(refusal(request()), HasSubstr("breaks off"));
  EXPECT_THAT(refusal(request()), HasSubstr("no HTTP"));
}

/// More than the system takes before somebody reads.
ClientRequest with_large_body(ClientRequest request) {
  request.body = std::string(32 << 20, 'x');
  return request;
}

TEST_F(HttpSenderTest, AnAnswerBeforeTheEndOfTheBodyCounts) {
  std::promise<void> has_answer;
  serve({[&](Peer& peer) {
    peer.read_some();
    peer.write(kTooLarge);
    has_answer.get_future().wait();  // it neither reads nor hangs up
  }});
  const auto answer = send(with_large_body(request()));
  has_answer.set_value();
  ASSERT_TRUE(answer.ok()) << answer.error().what;
  EXPECT_EQ(answer->status, 413);
}

TEST_F(HttpSenderTest, AnEarlyAnswerCountsThoughTheConnectionIsReset) {
  const auto refuse = [](Peer& peer) {
    peer.read_some();
    peer.write(kTooLarge);
  };
  serve({refuse, refuse, answering(std::string(kAnswer))});
  for (int i = 0; i < 2; ++i) {
    const auto answer = send(with_large_body(request()));
    ASSERT_TRUE(answer.ok()) << answer.error().what;
    EXPECT_EQ(answer->status, 413);
  }
  EXPECT_EQ(send(request())->status, 201);
}

TEST_F(HttpSenderTest, AServerThatHangsUpWithoutAnAnswerIsGone) {
  const auto hang_up = [](Peer& peer) { peer.read_some(); };
  serve({hang_up, hang_up});
  for (const ClientRequest& asked : {with_large_body(request()), request()}) {
    const auto answer = send(asked);
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code, base::Errc::gone) << answer.error().what;
  }
}

TEST_F(HttpSenderTest, TimeEndsWhateverTheServerDoes) {
  serve({[](Peer& peer) {
    peer.read();
    peer.write("HTTP/1.1 200 OK\r\n");
    peer.read();
  }});
  ClientRequest asked = request();
  asked.time_limit = milliseconds{50};
  EXPECT_EQ(refusal(asked), "no answer from 127.0.0.1:" + port_ + ": time is up");
}

TEST_F(HttpSenderTest, CancellingEndsWhatIsUnderWay) {
  serve({[this](Peer& peer) {
    peer.read();
    thread_.post([this] { sender_->cancel(); });
    peer.read();
  }});
  const auto answer = send(request());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, base::Errc::cancelled);
}

TEST_F(HttpSenderTest, NobodyThereIsSaid) {
  ::close(listener_);
  listener_ = -1;
  EXPECT_THAT(refusal(request()), HasSubstr("refused"));
}

TEST_F(HttpSenderTest, LineBreaksCannotSmuggleHeaders) {
  ClientRequest asked = request();
  asked.headers = {{"Authorization", "Bearer k\r\nX: y"}};
  EXPECT_EQ(refusal(asked), "the header Authorization has a line break");
  asked = request();
  asked.target = "/a b";
  EXPECT_EQ(refusal(asked), "\"/a b\" is no path");
}

TEST_F(HttpSenderTest, AProxyGetsTheWholeAddressAndItsPassword) {
  std::string seen;
  serve({[&](Peer& peer) {
    seen = peer.read();
    peer.write(kAnswer);
  }});
  options_.proxies.http = "http://ana:pw@127.0.0.1:" + port_;
  ClientRequest asked = request();
  asked.url = *parse_url("http://far.example/base");
  EXPECT_TRUE(send(asked).ok());
  EXPECT_THAT(seen, StartsWith("POST http://far.example:80/base/api/x HTTP/1.1\r\n"
                               "Host: far.example\r\nProxy-Authorization: Basic YW5hOnB3\r\n"));
}

/// A certificate that signs itself, made for the test.
class HttpsSenderTest : public HttpSenderTest {
 protected:
  HttpsSenderTest() {
    key_ = EVP_EC_gen("P-256");
    certificate_ = X509_new();
    X509_set_version(certificate_, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate_), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate_), 3600);
    X509_set_pubkey(certificate_, key_);
    X509_NAME* name = X509_get_subject_name(certificate_);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate_, name);
    X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name,
                                                "DNS:localhost,DNS:far.example");
    X509_add_ext(certificate_, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate_, key_, EVP_sha256());
    std::FILE* file = std::fopen((folder_ / "trusted.pem").c_str(), "w");
    PEM_write_X509(file, certificate_);
    std::fclose(file);
    context_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context_, certificate_);
    SSL_CTX_use_PrivateKey(context_, key_);
    options_.trusted_file = folder_ / "trusted.pem";
  }
  ~HttpsSenderTest() override {
    if (server_.joinable()) server_.join();
    SSL_CTX_free(context_);
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }
  Conversation securely(Conversation talk) {
    return [this, talk = std::move(talk)](Peer& peer) {
      if (peer.secure(context_)) talk(peer);
    };
  }

  support::TemporaryFolder folder_;
  EVP_PKEY* key_ = nullptr;
  X509* certificate_ = nullptr;
  SSL_CTX* context_ = nullptr;
};

TEST_F(HttpsSenderTest, ATrustedServerIsSpokenToAndItsConnectionUsedAgain) {
  std::string seen;
  serve({securely([&](Peer& peer) {
    for (int i = 0; i < 2; ++i) {
      seen = peer.read();
      peer.write(kAnswer);
    }
  })});
  EXPECT_EQ(send(request("https://localhost"))->body, "ok");
  EXPECT_EQ(send(request("https://localhost"))->body, "ok");
  EXPECT_THAT(seen, HasSubstr("Host: localhost:" + port_));
}

TEST_F(HttpsSenderTest, AnAnswerBeforeTheEndOfTheBodyCounts) {
  std::promise<void> has_answer;
  const auto refuse = [&](Peer& peer) {
    peer.read_some();
    peer.write(kTooLarge);
    has_answer.get_future().wait();
  };
  const auto take = [](Peer& peer) {
    peer.read();
    peer.write(kAnswer);
  };
  serve({securely(refuse), securely(take)});
  const auto answer = send(with_large_body(request("https://localhost")));
  has_answer.set_value();
  ASSERT_TRUE(answer.ok()) << answer.error().what;
  EXPECT_EQ(answer->status, 413);
  EXPECT_EQ(send(request("https://localhost"))->status, 201);
}

TEST_F(HttpsSenderTest, ACertificateForAnotherNameIsRefused) {
  serve({securely([](Peer& peer) { EXPECT_EQ(peer.read(), ""); })});
  EXPECT_THAT(refusal(request("https://127.0.0.1")),
              HasSubstr("the certificate of 127.0.0.1 is not trusted"));
}

TEST_F(HttpsSenderTest, ACertificateThatNobodyVouchesForIsRefused) {
  options_.trusted_file.clear();
  serve({securely([](Peer& peer) { EXPECT_EQ(peer.read(), ""); })});
  EXPECT_THAT(refusal(request("https://localhost")),
              HasSubstr("is not trusted: self-signed certificate"));
}

TEST_F(HttpsSenderTest, TrustedCertificatesThatCannotBeReadAreNamed) {
  options_.trusted_file = folder_ / "none.pem";
  serve({[](Peer& peer) { peer.read(); }});
  EXPECT_THAT(refusal(request("https://localhost")), HasSubstr("none.pem"));
}

TEST_F(HttpsSenderTest, AServerWithoutTlsIsRefused) {
  serve({[](Peer& peer) { peer.write("HTTP/1.1 400 Bad Request\r\n\r\n"); }});
  EXPECT_THAT(refusal(request("https://localhost")), HasSubstr("TLS: "));
}

TEST_F(HttpsSenderTest, AProxyIsTunnelledThroughAndSeesNothing) {
  std::string asked_proxy, asked_server;
  serve({[&](Peer& peer) {
    asked_proxy = peer.read();
    peer.write("HTTP/1.1 200 Connection established\r\n\r\n");
    if (!peer.secure(context_)) return;
    asked_server = peer.read();
    peer.write(kAnswer);
  }});
  options_.proxies.https = "ana:pw@127.0.0.1:" + port_;
  ClientRequest asked = request();
  asked.url = *parse_url("https://far.example");
  EXPECT_EQ(send(asked)->body, "ok");
  EXPECT_EQ(asked_proxy,
            "CONNECT far.example:443 HTTP/1.1\r\nHost: far.example:443\r\n"
            "Proxy-Authorization: Basic YW5hOnB3\r\n\r\n");
  EXPECT_THAT(asked_server, StartsWith("POST /api/x HTTP/1.1\r\nHost: far.example\r\n"));
  EXPECT_THAT(asked_server, Not(HasSubstr("Proxy-")));
}

TEST_F(HttpsSenderTest, AProxyThatRefusesIsNamed) {
  serve({answering("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")});
  options_.proxies.https = "127.0.0.1:" + port_;
  ClientRequest asked = request();
  asked.url = *parse_url("https://far.example");
  EXPECT_THAT(refusal(asked), HasSubstr("the proxy 127.0.0.1:" + port_ + " answers 407"));
}

TEST(ParseUrlTest, HttpsIsKnownByItsScheme) {
  EXPECT_EQ(parse_url("HTTPS://Host.example/a/")->port, 443);
  EXPECT_TRUE(parse_url("https://host.example")->tls);
  EXPECT_EQ(parse_url("https://host.example:8443")->port, 8443);
  EXPECT_EQ(parse_url("http://host.example")->port, 80);
  EXPECT_FALSE(parse_http_url("https://host.example").ok());
  for (const char* bad : {"https://", "https://a:0", "https://user@host", "ftp://x", "https://a?q"})
    EXPECT_FALSE(parse_url(bad).ok()) << bad;
}

}  // namespace
}  // namespace net
