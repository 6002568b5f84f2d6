#include "net/http_sender.h"

// The only unit that sees OpenSSL's streams, and so the one that holds Asio's part of them.
#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <deque>
#include <filesystem>
#include <set>

#include "base/text.h"
#include "net/content_coding.h"

namespace net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using base::Errc;
using base::Error;
using base::Result;
using boost::system::error_code;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Resolver = asio::ip::basic_resolver<asio::ip::tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;
using Tls = ssl::stream<Socket&>;
using SteadyTime = std::chrono::steady_clock::time_point;
template <class T>
using Awaitable = asio::awaitable<T, Executor>;
using Parser = http::response_parser<http::string_body>;

constexpr auto kResume = asio::as_tuple(asio::use_awaitable_t<Executor>());
constexpr std::size_t kReadBytes = 16 * 1024;

// Where distributions keep what they trust, for an OpenSSL that was built for another one.
constexpr const char* kTrustedFiles[] = {"/etc/ssl/certs/ca-certificates.crt",
                                         "/etc/pki/tls/certs/ca-bundle.crt",
                                         "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

/// A connection, to a server or to the proxy before it.
struct Link {
  explicit Link(const Executor& executor) : socket(executor) {}

  Awaitable<Result<void>> send(std::string_view bytes) {
    const auto buffer = asio::buffer(bytes.data(), bytes.size());
    error_code error;
    std::size_t sent = 0;
    if (tls)
      std::tie(error, sent) = co_await asio::async_write(*tls, buffer, kResume);
    else
      std::tie(error, sent) = co_await asio::async_write(socket, buffer, kResume);
    if (error) co_return Error{Errc::unavailable, error.message()};
    co_return Result<void>();
  }

  /// 0 bytes at the end of the connection.
  Awaitable<Result<std::size_t>> receive(char* into, std::size_t size) {
    const auto buffer = asio::buffer(into, size);
    error_code error;
    std::size_t got = 0;
    if (tls)
      std::tie(error, got) = co_await tls->async_read_some(buffer, kResume);
    else
      std::tie(error, got) = co_await socket.async_read_some(buffer, kResume);
    if (error == asio::error::eof) co_return std::size_t{0};
    if (error) co_return Error{Errc::unavailable, error.message()};
    co_return got;
  }

  void close() {
    error_code ignored;
    socket.close(ignored);
  }

  /// Whether the peer has kept it open and silent.
  bool is_idle() {
    char byte;
    return ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
  }

  Socket socket;
  std::unique_ptr<Tls> tls;
  std::string key;  // where it leads to
  SteadyTime idle_since;
};

/// A request under way. Its timer, and `cancel`, end it by closing what it waits for.
struct Call {
  Call(const Executor& executor, ClientRequest given)
      : request(std::move(given)), deadline(executor), looked_up(executor) {}

  void end(Error why) {
    if (!ended) ended = std::move(why);
    looked_up.cancel();
    if (link) link->close();
  }

  ClientRequest request;
  Timer deadline;
  Timer looked_up;  // cancelled once names are looked up
  std::optional<Resolver::results_type> addresses;
  error_code lookup_error;
  std::unique_ptr<Link> link;
  std::optional<Error> ended;
};

/// A request on its way out, while its answer is waited for already.
struct Writing {
  explicit Writing(const Executor& executor) : end(executor) { end.expires_at(SteadyTime::max()); }

  Timer end;  // cancelled then
  bool has_ended = false;
  Result<void> outcome;
};

std::string base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::string basic(const Proxy& proxy) {
  if (proxy.credentials.empty()) return {};
  return fmt::format("Proxy-Authorization: Basic {}\r\n", base64(proxy.credentials));
}

/// As a Host header has it: without the port that goes without saying.
std::string host_of(const HttpUrl& url) {
  const std::string whole = url.authority();
  if (url.port != (url.tls ? 443 : 80)) return whole;
  return whole.substr(0, whole.rfind(':'));
}

bool has_break(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos;
}

/// The request's bytes in front of its body.
Result<std::string> head_of(const ClientRequest& request, const Proxy* plain_proxy) {
  const std::string path = request.url.path + request.target;
  if (has_break(path) || path.find(' ') != path.npos)
    return Error{Errc::invalid_argument, fmt::format("\"{}\" is no path", path)};
  std::string head = fmt::format("{} {}{} HTTP/1.1\r\nHost: {}\r\n", request.method,
                                 plain_proxy ? "http://" + request.url.authority() : "",
                                 path.empty() ? "/" : path, host_of(request.url));
  if (plain_proxy) head += basic(*plain_proxy);
  for (const auto& [name, value] : request.headers) {
    if (has_break(name) || has_break(value))
      return Error{Errc::invalid_argument, fmt::format("the header {} has a line break", name)};
    head += fmt::format("{}: {}\r\n", name, value);
  }
  if (request.gzip) head += "Content-Encoding: gzip\r\n";
  if (request.method != "GET") head += fmt::format("Content-Length: {}\r\n", request.body.size());
  return head += "\r\n";
}

ClientResponse taken_out(Parser& parser) {
  ClientResponse response;
  response.status = static_cast<int>(parser.get().result_int());
  for (const auto& field : parser.get())
    response.headers.emplace_back(field.name_string(), field.value());
  response.body = std::move(parser.get().body());
  return response;
}

class Sender : public HttpSender {
 public:
  Sender(IoThread& thread, ClientOptions options)
      : context_(thread.context()), options_(std::move(options)) {}

  base::Task<Result<ClientResponse>> send(ClientRequest request) override {
    Sending sending{*this, std::make_shared<Call>(context_.get_executor(), std::move(request)), {}};
    co_return co_await sending;
  }

  void cancel() override {
    const auto calls = calls_;
    for (const auto& call : calls) call->end({Errc::cancelled, "the request was cancelled"});
    idle_.clear();
  }

 private:
  /// From our coroutines into Asio's.
  struct Sending {
    Sender& sender;
    std::shared_ptr<Call> call;
    std::optional<Result<ClientResponse>> answer;

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
      asio::io_context& context = sender.context_;
      auto done = [&context, waiter](std::exception_ptr) {
        asio::post(context, [waiter] { waiter.resume(); });
      };
      asio::co_spawn(context.get_executor(), sender.run(call, answer), std::move(done));
    }
    Result<ClientResponse> await_resume() {
      if (!answer) return Error{Errc::unavailable, "the request could not be made"};
      return std::move(*answer);
    }
  };

  Awaitable<void> run(std::shared_ptr<Call> call, std::optional<Result<ClientResponse>>& answer) {
    calls_.insert(call);
    call->deadline.expires_after(call->request.time_limit);
    call->deadline.async_wait([call](error_code error) {
      if (!error) call->end({Errc::unavailable, "time is up"});
    });
    if (call->request.gzip) call->request.body = to_gzip(call->request.body);
    Result<ClientResponse> outcome = co_await exchange(*call);
    call->deadline.cancel();
    calls_.erase(call);
    // Whatever failed because of it, this is why.
    if (call->ended && !outcome) outcome = std::move(*call->ended);
    if (!outcome && outcome.error().code != Errc::invalid_argument)
      outcome = std::move(outcome.error())
                    .within(fmt::format("no answer from {}", call->request.url.authority()));
    answer.emplace(std::move(outcome));
  }

  Awaitable<Result<ClientResponse>> exchange(Call& call) {
    CO_TRY(const std::optional<Proxy> proxy, proxy_for(call.request.url, options_.proxies));
    const bool is_plain = !call.request.url.tls;
    CO_TRY(const std::string head, head_of(call.request, is_plain && proxy ? &*proxy : nullptr));
    const std::string key =
        fmt::format("{} {}", is_plain ? "http" : "https",
                    is_plain && proxy ? proxy->url.authority() : call.request.url.authority());
    call.link = take_idle(key);
    if (call.link) {
      bool began = false;
      Result<ClientResponse> answer = co_await ask(call, head, began);
      // The server may have closed it in this moment: then it has not seen the request.
      if (answer.ok() || began || call.ended) co_return answer;
    }
    CO_TRY_OK(co_await connect(call, proxy));
    call.link->key = key;
    bool began = false;
    co_return co_await ask(call, head, began);
  }

  Awaitable<Result<void>> connect(Call& call, const std::optional<Proxy>& proxy) {
    const HttpUrl& url = call.request.url;
    CO_TRY_OK(co_await look_up(call, proxy ? proxy->url : url));
    call.link = std::make_unique<Link>(context_.get_executor());
    Link& link = *call.link;
    error_code error = asio::error::host_not_found;
    for (const auto& address : *call.addresses) {
      if (call.ended) co_return *call.ended;
      link.close();
      std::tie(error) = co_await link.socket.async_connect(address.endpoint(), kResume);
      if (!error) break;
    }
    if (error) co_return Error{Errc::unavailable, error.message()};
    link.socket.set_option(asio::ip::tcp::no_delay(true), error);
    if (!url.tls) co_return Result<void>();
    if (proxy) CO_TRY_OK(co_await open_tunnel(call, *proxy));
    co_return co_await secure(call);
  }

  /// The addresses of a name. The system's own look-up knows no deadline, so it is not waited for
  /// but left to end by itself.
  Awaitable<Result<void>> look_up(Call& call, const HttpUrl& url) {
    error_code error;
    const std::string literal = url.host == "localhost" ? "127.0.0.1" : url.host;
    const auto address = asio::ip::make_address(literal, error);
    if (!error) {
      const asio::ip::tcp::endpoint endpoint(address, url.port);
      call.addresses = Resolver::results_type::create(endpoint, url.host, "");
      co_return Result<void>();
    }
    auto resolver = std::make_shared<Resolver>(context_.get_executor());
    auto self = find(call);
    call.looked_up.expires_at(SteadyTime::max());
    auto found = [self, resolver](error_code why, Resolver::results_type results) {
      self->lookup_error = why;
      self->addresses = std::move(results);
      self->looked_up.cancel();
    };
    resolver->async_resolve(url.host, std::to_string(url.port), std::move(found));
    co_await call.looked_up.async_wait(kResume);
    if (call.ended) co_return *call.ended;
    if (call.lookup_error) co_return Error{Errc::unavailable, call.lookup_error.message()};
    co_return Result<void>();
  }

  Awaitable<Result<void>> open_tunnel(Call& call, const Proxy& proxy) {
    const std::string authority = call.request.url.authority();
    const std::string request =
        fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n{1}\r\n", authority, basic(proxy));
    CO_TRY_OK(co_await call.link->send(request));
    Parser parser;
    parser.skip(true);  // no body follows, but the server's bytes
    std::string unread;
    bool began = false;
    CO_TRY_OK(co_await read(call, parser, unread, began));
    const int status = static_cast<int>(parser.get().result_int());
    if (status / 100 != 2 || !unread.empty())
      co_return Error{Errc::unavailable,
                      fmt::format("the proxy {} answers {}", proxy.url.authority(), status)};
    co_return Result<void>();
  }

  Awaitable<Result<void>> secure(Call& call) {
    CO_TRY_OK(trust());
    const std::string& host = call.request.url.host;
    Link& link = *call.link;
    link.tls = std::make_unique<Tls>(link.socket, *trusted_);
    error_code error;
    link.tls->set_verify_mode(ssl::verify_peer, error);
    link.tls->set_verify_callback(ssl::host_name_verification(host), error);
    asio::ip::make_address(host, error);
    const bool is_name = static_cast<bool>(error);
    if (is_name) SSL_set_tlsext_host_name(link.tls->native_handle(), host.c_str());
    std::tie(error) = co_await link.tls->async_handshake(ssl::stream_base::client, kResume);
    if (!error) co_return Result<void>();
    const long verified = SSL_get_verify_result(link.tls->native_handle());
    co_return Error{Errc::unavailable,
                    verified == X509_V_OK
                        ? fmt::format("TLS: {}", error.message())
                        : fmt::format("the certificate of {} is not trusted: {}", host,
                                      X509_verify_cert_error_string(verified))};
  }

  Result<void> trust() {
    if (trusted_) return {};
    auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    error_code error;
    if (!options_.trusted_file.empty()) {
      context->load_verify_file(options_.trusted_file, error);
      if (error)
        return Error{Errc::unavailable,
                     fmt::format("certificates {}: {}", options_.trusted_file, error.message())};
    } else {
      context->set_default_verify_paths(error);
      std::error_code missing;
      for (const char* file : kTrustedFiles) {
        if (!std::filesystem::is_regular_file(file, missing)) continue;
        context->load_verify_file(file, error);
        break;
      }
    }
    trusted_ = std::move(context);
    return {};
  }

  /// Sends the request over the link and reads the answer; `began` once a byte of it has come. A
  /// server that will not have the body may answer before it has read it, and hang up then.
  Awaitable<Result<ClientResponse>> ask(Call& call, const std::string& head, bool& began) {
    auto writing = std::make_shared<Writing>(context_.get_executor());
    auto out = write(*call.link, head, call.request.body, writing);
    asio::co_spawn(context_.get_executor(), std::move(out), asio::detached);
    bool may_be_kept = false;
    Result<ClientResponse> answer = co_await read_answer(call, began, may_be_kept);
    const bool was_written = writing->has_ended && writing->outcome.ok();
    if (!writing->has_ended) {
      call.link->close();
      co_await writing->end.async_wait(kResume);
    }
    if (answer && may_be_kept && was_written) keep(std::move(call.link));
    if (!answer && !began && !call.ended)
      co_return Error{Errc::gone, std::move(answer.error().what)};
    co_return answer;
  }

  static Awaitable<void> write(Link& link, const std::string& head, const std::string& body,
                               std::shared_ptr<Writing> writing) {
    writing->outcome = co_await link.send(head);
    if (writing->outcome) writing->outcome = co_await link.send(body);
    writing->has_ended = true;
    writing->end.cancel();
  }

  Awaitable<Result<ClientResponse>> read_answer(Call& call, bool& began, bool& may_be_kept) {
    std::string unread;
    std::optional<Parser> parser;
    do {  // answers of 1xx only say that another one follows
      parser.emplace();
      parser->body_limit(options_.max_answer_bytes);
      CO_TRY_OK(co_await read(call, *parser, unread, began));
    } while (parser->get().result_int() / 100 == 1);
    may_be_kept = parser->get().keep_alive() && unread.empty();
    co_return taken_out(*parser);
  }

  /// Reads one answer. What was read beyond it is left in `unread`.
  static Awaitable<Result<void>> read(Call& call, Parser& parser, std::string& unread,
                                      bool& began) {
    parser.eager(true);
    error_code error;
    char bytes[kReadBytes];
    for (;;) {
      if (!unread.empty()) {
        unread.erase(0, parser.put(asio::buffer(unread), error));
        if (error && error != http::error::need_more)
          co_return Error{Errc::unavailable, fmt::format("no HTTP: {}", error.message())};
        if (parser.is_done()) co_return Result<void>();
      }
      CO_TRY(const std::size_t got, co_await call.link->receive(bytes, sizeof bytes));
      began |= got > 0;
      if (got == 0) {
        error = {};
        if (parser.got_some()) parser.put_eof(error);
        if (error || !parser.is_done()) co_return Error{Errc::unavailable, "the answer breaks off"};
        co_return Result<void>();
      }
      unread.append(bytes, got);
    }
  }

  std::shared_ptr<Call> find(const Call& call) {
    for (const auto& one : calls_)
      if (one.get() == &call) return one;
    return nullptr;
  }

  std::unique_ptr<Link> take_idle(const std::string& key) {
    const SteadyTime oldest = std::chrono::steady_clock::now() - options_.idle_limit;
    std::erase_if(idle_,
                  [&](const auto& link) { return link->idle_since < oldest || !link->is_idle(); });
    for (auto link = idle_.begin(); link != idle_.end(); ++link) {
      if ((*link)->key != key) continue;
      auto taken = std::move(*link);
      idle_.erase(link);
      return taken;
    }
    return nullptr;
  }

  void keep(std::unique_ptr<Link> link) {
    link->idle_since = std::chrono::steady_clock::now();
    idle_.push_back(std::move(link));
    if (idle_.size() > kMaxIdle) idle_.pop_front();
  }

  asio::io_context& context_;
  const ClientOptions options_;
  std::unique_ptr<ssl::context> trusted_;
  std::set<std::shared_ptr<Call>> calls_;
  std::deque<std::unique_ptr<Link>> idle_;
};

}  // namespace

std::string_view ClientResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (base::iequals(key, name)) return value;
  return {};
}

std::unique_ptr<HttpSender> HttpSender::create(IoThread& thread, ClientOptions options) {
  return std::make_unique<Sender>(thread, std::move(options));
}

}  // namespace net
