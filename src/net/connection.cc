#include "connection.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <iterator>

#include "base/assert.h"
#include "base/text.h"
#include "etag.h"
#include "net/content_coding.h"
#include "thread_connections.h"

namespace net {

namespace asio = boost::asio;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t kSmallBody = 64 * 1024;     // below this a body needs no budget
constexpr std::size_t kMaxLingerBytes = 4 << 20;  // read and thrown away after a refusal
constexpr std::chrono::seconds kLingerTime{2};
constexpr std::size_t kMaxEtagBytes = 1 << 20;
constexpr std::size_t kGatheredBuffers = 64;

void append_number(std::string& out, std::size_t number) {
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, end);
}

}  // namespace

/// Suspends until the socket can be read or written, or is closed.
class Connection::Ready {
 public:
  Ready(Socket& socket, Socket::wait_type what) : socket_(socket), what_(what) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    socket_.async_wait(what_, [this, waiter](error_code error) {
      error_ = error;
      waiter.resume();
    });
  }
  bool await_resume() const noexcept { return !error_; }

 private:
  Socket& socket_;
  Socket::wait_type what_;
  error_code error_;
};

namespace {

/// Suspends until `slot` is resumed by somebody else.
struct Parked {
  std::coroutine_handle<>& slot;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) const { slot = waiter; }
  void await_resume() const noexcept {}
};

}  // namespace

Connection::Connection(HttpServer& server, ThreadConnections& home, Socket socket)
    : server_(server), home_(home), socket_(std::move(socket)) {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

Connection::~Connection() {
  release_budget();
  home_.remove(*this);
  server_.connection_ended();
}

void Connection::enter(Phase phase, std::chrono::seconds time_limit) {
  phase_ = phase;
  deadline_ = Clock::now() + time_limit;
}

base::Task<void> Connection::serve(std::unique_ptr<Connection> self) {
  Connection& c = *self;
  while (!c.closed_) {
    c.parser_.reset();
    const Next next = co_await c.read_request();
    if (next == Next::read_again) continue;
    if (next == Next::end) break;

    c.phase_ = Phase::handler;  // whose own deadlines are the ledger's and the readers'
    c.deadline_ = SteadyTime::max();
    Response response = co_await c.respond();
    c.release_budget();
    c.keep_alive_ = c.parser_.request().keep_alive && !response.close && !c.server_.draining_;
    c.server_.responses(response.status).add();
    if (response.stream && c.parser_.request().method != Method::head) {
      co_await c.run_stream(response);
      if (c.closed_) break;
      continue;
    }
    if (!co_await c.write_response(response)) break;
    if (!c.keep_alive_) break;
  }
  error_code ignored;
  c.socket_.shutdown(Socket::shutdown_send, ignored);
  c.socket_.close(ignored);
}

/// Reads one request, unless the head alone is reason to refuse it.
base::Task<Connection::Next> Connection::read_request() {
  enter(Phase::idle, server_.options_.idle_timeout);
  has_head_ = false;
  while (parser_.state() == RequestParser::State::head) {
    if (!co_await read_more()) co_return Next::end;
    if (phase_ == Phase::idle && parser_.started())
      enter(Phase::head, server_.options_.head_timeout);
  }
  if (parser_.state() != RequestParser::State::failed) {
    Request& request = parser_.request();
    has_head_ = true;
    if (server_.options_.observe) began_ = Clock::now();
    std::optional<Response> refusal;
    if (server_.options_.gate) refusal = server_.options_.gate(request);
    if (refusal) {
      // The body, if there is one, is not read: the connection cannot go on behind it.
      keep_alive_ = request.keep_alive && parser_.state() == RequestParser::State::done;
      server_.responses(refusal->status).add();
      if (!co_await write_response(*refusal)) co_return Next::end;
      if (keep_alive_) co_return Next::read_again;
      co_await linger();
      co_return Next::end;
    }
    route_ = server_.router_.find(request);
    if (!co_await prepare_body()) co_return Next::end;
    enter(Phase::body, server_.options_.body_timeout);
    while (parser_.state() == RequestParser::State::body)
      if (!co_await read_more()) co_return Next::end;
  }
  if (parser_.state() == RequestParser::State::failed) {
    const int status = parser_.status();
    const std::string reason = worded(status, std::string(parser_.reason()));
    co_await refuse(status, reason);
    co_return Next::end;
  }
  co_return Next::answer;
}

/// Feeds the parser with what is there, or waits for more. False: the peer has gone.
base::Task<bool> Connection::read_more() {
  const RequestParser::State before = parser_.state();
  if (!unread_.empty() && !needs_more_) {
    unread_.erase(0, parser_.feed(unread_));
  } else {
    Ready readable(socket_, Socket::wait_read);
    if (!co_await readable || closed_) co_return false;
    error_code error;
    const std::size_t size =
        socket_.read_some(asio::buffer(home_.scratch(), ThreadConnections::kScratchBytes), error);
    if (error == asio::error::would_block) co_return true;
    if (error || size == 0) co_return false;
    std::string_view bytes(home_.scratch(), size);
    if (unread_.empty()) {
      bytes.remove_prefix(parser_.feed(bytes));
      unread_ = bytes;
    } else {
      unread_ += bytes;
      unread_.erase(0, parser_.feed(unread_));
    }
  }
  if (unread_.empty()) std::string().swap(unread_);
  // Otherwise what is left belongs to the body, or to the next request, and is still to be seen.
  needs_more_ = parser_.state() == before;
  co_return true;
}

/// Decides, from the head alone, whether the body may come, and how much of it.
base::Task<bool> Connection::prepare_body() {
  if (parser_.state() == RequestParser::State::done) co_return true;
  const std::size_t limit = route_ ? route_->rules.max_body_bytes : Router::kDefaultBodyBytes;
  parser_.set_max_body_bytes(limit);
  const auto announced = parser_.announced_body_bytes();
  if (announced && *announced > limit) {
    const std::string reason =
        worded(413, fmt::format("request body is larger than {} bytes", limit));
    co_await refuse(413, reason);
    co_return false;
  }
  const Request& request = parser_.request();
  const std::string_view expect = request.version_minor > 0 ? request.header("expect") : "";
  if (!expect.empty()) {
    if (!base::iequals(expect, "100-continue")) {
      co_await refuse(417, "only \"Expect: 100-continue\" is understood");
      co_return false;
    }
    if (unread_.empty()) {
      const bool sent = co_await write("HTTP/1.1 100 Continue\r\n\r\n", {});
      if (!sent) co_return false;
    }
  }
  // A compressed body says nothing of what comes out of it.
  const bool is_coded = request.has_header("content-encoding");
  const std::size_t needed = is_coded ? limit : static_cast<std::size_t>(announced.value_or(limit));
  if (needed <= kSmallBody) co_return true;
  if (home_.take_budget(*this, needed)) {
    budget_bytes_ = needed;
    co_return true;
  }
  enter(Phase::budget, server_.options_.head_timeout);
  Parked parked{budget_waiter_};
  co_await parked;
  if (budget_bytes_ > 0) co_return true;
  co_await refuse(503, "the server is busy with other uploads; try again in a moment");
  co_return false;
}

/// The reason of a refusal, as the route words it.
std::string Connection::worded(int status, std::string reason) const {
  if (status == 413 && route_ && !route_->rules.too_large.empty()) reason = route_->rules.too_large;
  return reason;
}

base::Task<Response> Connection::respond() {
  Request& request = parser_.request();
  Response response;
  if (route_) {
    const std::string_view encoding = request.header("content-encoding");
    auto broken = encoding.empty()
                      ? std::nullopt
                      : decode_content(encoding, route_->rules.max_body_bytes, request.body);
    if (broken) {
      const std::string reason = worded(broken->status, std::move(broken->message));
      response = Response::error(broken->status, reason);
    } else {
      response = co_await route_->handler(request);
    }
  } else if (request.method == Method::options) {
    const std::string allowed = server_.router_.allowed(request);
    if (allowed.empty()) {
      response = server_.options_.not_found(request);
    } else {
      response = Response::text(200, "text/plain; charset=utf-8", allowed);
      response.headers.emplace_back("Allow", allowed);
      response.headers.emplace_back("X-Content-Type-Options", "nosniff");
    }
  } else {
    response = server_.options_.not_found(request);
  }
  co_return response;
}

std::string Connection::head_of(const Response& response, std::size_t body_bytes, bool chunked) {
  std::string head;
  head.reserve(256);
  head += "HTTP/1.1 ";
  append_number(head, static_cast<std::size_t>(response.status));
  head.append(" ").append(reason_phrase(response.status)).append("\r\n");
  head += home_.date_header();
  if (!response.content_type.empty())
    head.append("Content-Type: ").append(response.content_type).append("\r\n");
  if (chunked) {
    head += "Transfer-Encoding: chunked\r\n";
  } else if (!response.stream && response.status != 304 && response.status != 204) {
    head += "Content-Length: ";
    append_number(head, body_bytes);
    head += "\r\n";
  }
  for (const auto& [name, value] : response.headers)
    head.append(name).append(": ").append(value).append("\r\n");
  if (response.status == 101) {
    // The response says itself what becomes of the connection.
  } else if (response.stream && keep_alive_) {
    head += "Connection: keep-alive\r\n";
  } else if (!keep_alive_) {
    head += "Connection: close\r\n";
  } else if (parser_.state() != RequestParser::State::failed &&
             parser_.request().version_minor == 0) {
    head += "Connection: keep-alive\r\n";
  }
  head += "\r\n";
  return head;
}

void Connection::observe(const Response& response) {
  if (server_.options_.observe)
    server_.options_.observe(parser_.request(), response, Clock::now() - began_);
}

base::Task<bool> Connection::write_response(Response& response) {
  const Request& request = parser_.request();
  const bool known = has_head_;
  if (known && server_.options_.decorate) server_.options_.decorate(request, response);
  if (known) observe(response);
  const bool is_get = known && (request.method == Method::get || request.method == Method::head);
  if (is_get && response.status == 200 && !response.body.empty() &&
      response.body.size() <= kMaxEtagBytes && response.content_type == Response::kJson) {
    std::string etag = weak_etag(response.body);
    if (matches_etag(request.header("if-none-match"), etag)) {
      response.status = 304;
      response.content_type = {};
      response.body.clear();
    }
    response.headers.emplace_back("ETag", std::move(etag));
  }
  const std::string head = head_of(response, response.body.size(), false);
  const bool head_only = known && request.method == Method::head;
  const std::string_view body = head_only ? std::string_view() : std::string_view(response.body);
  co_return co_await write(head, body);
}

base::Task<bool> Connection::write(std::string_view head, std::string_view body) {
  enter(Phase::writing, server_.options_.write_timeout);
  while (!head.empty() || !body.empty()) {
    const std::array<asio::const_buffer, 2> buffers = {
        asio::const_buffer(head.data(), head.size()), asio::const_buffer(body.data(), body.size())};
    error_code error;
    std::size_t sent = socket_.write_some(buffers, error);
    if (error == asio::error::would_block) {
      Ready writable(socket_, Socket::wait_write);
      if (!co_await writable || closed_) co_return false;
      continue;
    }
    if (error) co_return false;
    const std::size_t of_head = std::min(sent, head.size());
    head.remove_prefix(of_head);
    body.remove_prefix(sent - of_head);
    deadline_ = Clock::now() + server_.options_.write_timeout;
  }
  co_return true;
}

base::Task<void> Connection::refuse(int status, std::string_view message) {
  Response response = Response::error(status, message);
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  keep_alive_ = false;
  server_.responses(status).add();
  if (co_await write_response(response)) co_await linger();
}

/// Reads what the peer still sends: closing with unread bytes would destroy the answer on its way.
base::Task<void> Connection::linger() {
  enter(Phase::lingering, kLingerTime);
  error_code error;
  socket_.shutdown(Socket::shutdown_send, error);
  for (std::size_t thrown_away = 0; thrown_away < kMaxLingerBytes && !error && !closed_;) {
    Ready readable(socket_, Socket::wait_read);
    if (!co_await readable) co_return;
    const std::size_t size =
        socket_.read_some(asio::buffer(home_.scratch(), ThreadConnections::kScratchBytes), error);
    if (error == asio::error::would_block) error = {};
    thrown_away += size;
  }
}

void Connection::release_budget() {
  if (budget_bytes_ > 0) home_.give_budget(std::exchange(budget_bytes_, 0));
}

// ---- as a stream ----

base::Task<void> Connection::run_stream(Response& response) {
  const Request& request = parser_.request();
  if (server_.options_.decorate) server_.options_.decorate(request, response);
  observe(response);
  is_upgraded_ = response.status == 101;
  stream_ends_ = response.stream_ends;
  chunked_ = request.version_minor >= 1 && !is_upgraded_;
  // A stream that ends is an answer like any other. Clients of an event stream know this header,
  // though the connection ends with it.
  const bool is_reusable = stream_ends_ && keep_alive_ && chunked_;
  keep_alive_ = is_reusable || (chunked_ && response.content_type == "text/event-stream");
  const std::string head = head_of(response, 0, chunked_);
  const bool has_begun = co_await write(head, {});
  if (!has_begun) {
    closed_ = true;
    co_return;
  }
  phase_ = Phase::stream;
  deadline_ = SteadyTime::max();
  if (is_upgraded_) inbox_ = std::move(unread_);
  if (!is_reusable) {
    std::string().swap(unread_);
    watch_for_close();
  }
  if (server_.draining_ && !stream_ends_)
    ending_ = true;  // `drain` came before there was a stream to end

  co_await response.stream(*this);

  co_await end_stream();
  if (is_upgraded_) co_await end_upgraded();
  ending_ = false;
  if (!is_reusable || !keep_alive_) closed_ = true;
  error_code ignored;
  if (closed_) socket_.cancel(ignored);
  if (callbacks_ > 0) {
    Parked parked{last_callback_waiter_};
    co_await parked;
  }
}

/// Sends what is queued, then that it was all; of a stream that was closed the peer must see that
/// it was not.
base::Task<void> Connection::end_stream() {
  ending_ = true;
  while (!closed_ && !queue_.empty()) {
    Parked parked{flush_waiter_};
    co_await parked;
  }
  if (closed_ && stream_ends_) break_off();
  error_code error;
  std::string_view last = chunked_ ? "0\r\n\r\n" : "";
  while (!closed_ && !last.empty()) {
    const std::size_t sent = socket_.write_some(asio::buffer(last.data(), last.size()), error);
    if (error && error != asio::error::would_block) break;
    last.remove_prefix(sent);
    if (last.empty()) break;
    if (deadline_ == SteadyTime::max()) deadline_ = Clock::now() + server_.options_.write_timeout;
    Ready writable(socket_, Socket::wait_write);
    if (!co_await writable) break;
  }
}

/// Says that nothing follows, and throws away what the peer still sends until it hangs up too:
/// closing with unread bytes would destroy the last message on its way.
base::Task<void> Connection::end_upgraded() {
  is_upgraded_ = false;
  std::string().swap(inbox_);
  if (closed_) co_return;
  if (std::exchange(inbox_is_full_, false)) watch_for_close();
  enter(Phase::lingering, kLingerTime);
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  while (!closed_) {
    Parked parked{flush_waiter_};
    co_await parked;
  }
}

std::string Connection::received() {
  std::string bytes = std::exchange(inbox_, {});
  if (std::exchange(inbox_is_full_, false) && !closed_) watch_for_close();
  return bytes;
}

void Connection::watch_for_close() {
  ++callbacks_;
  socket_.async_wait(Socket::wait_read, [this](error_code error) {
    --callbacks_;
    std::size_t size = 0;
    if (!error && !closed_)
      size =
          socket_.read_some(asio::buffer(home_.scratch(), ThreadConnections::kScratchBytes), error);
    const bool open = !error && size > 0;
    if (open && is_upgraded_) {
      inbox_.append(home_.scratch(), size);
      wake();
      inbox_is_full_ = inbox_.size() >= kMaxUnreadBytes;
      if (inbox_is_full_) return;
    }
    if ((open || error == asio::error::would_block) && !closed_) return watch_for_close();
    closed_ = true;
    notify_later();
  });
}

void Connection::send(SharedBytes bytes) {
  if (is_closed() || !bytes) return;
  queued_bytes_ += chunked_ ? bytes->framed().size() : bytes->content().size();
  queue_.push_back(std::move(bytes));
  if (!write_waits_) flush();
}

void Connection::flush() {
  while (!queue_.empty() && !closed_) {
    std::array<asio::const_buffer, kGatheredBuffers> buffers;
    std::size_t count = 0;
    for (const SharedBytes& bytes : queue_) {
      if (count == buffers.size()) break;
      std::string_view text = chunked_ ? bytes->framed() : bytes->content();
      if (count == 0) text.remove_prefix(sent_of_first_);
      buffers[count++] = asio::const_buffer(text.data(), text.size());
    }
    for (std::size_t i = count; i < buffers.size(); ++i) buffers[i] = asio::const_buffer();
    error_code error;
    std::size_t sent = socket_.write_some(buffers, error);
    if (error == asio::error::would_block) {
      if (deadline_ == SteadyTime::max()) deadline_ = Clock::now() + server_.options_.write_timeout;
      write_waits_ = true;
      ++callbacks_;
      socket_.async_wait(Socket::wait_write, [this](error_code failure) {
        --callbacks_;
        write_waits_ = false;
        if (failure) closed_ = true;
        if (closed_) return notify_later();
        flush();
        if (!queue_.empty()) return;
        flush_waiter_ ? resume_flush_waiter() : notify();
      });
      return;
    }
    if (error) {
      closed_ = true;
      return notify_later();
    }
    // The peer reads; a server that stops has set how long it may.
    if (!ending_ || !server_.draining_) deadline_ = SteadyTime::max();
    queued_bytes_ -= sent;
    for (sent += sent_of_first_; !queue_.empty();) {
      const std::size_t size =
          chunked_ ? queue_.front()->framed().size() : queue_.front()->content().size();
      if (sent < size) break;
      sent -= size;
      queue_.pop_front();
    }
    sent_of_first_ = sent;
  }
}

void Connection::resume_flush_waiter() {
  if (flush_waiter_) std::exchange(flush_waiter_, nullptr).resume();
}

void Connection::close() {
  if (closed_) return;
  closed_ = true;
  notify_later();
}

/// Not at once: whoever has found out may stand in a loop over all streams.
void Connection::notify_later() {
  ++callbacks_;
  home_.thread().post([this] {
    // Counted to the end: the handler that resumes here may be the connection's last, and then
    // `run_stream` waits for this before anything is destroyed.
    notify();
    if (closed_) resume_flush_waiter();
    if (--callbacks_ == 0 && last_callback_waiter_)
      std::exchange(last_callback_waiter_, nullptr).resume();
  });
}

}  // namespace net
