#include "collector/forwarder.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/started.h"
#include "base/text.h"

namespace collector {

using base::Result;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr seconds kDiskPause{1};

/// Whether a header that lists words, with or without weights, names `gzip`.
bool names_gzip(std::string_view list) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view item = list.substr(0, comma);
    const std::size_t weight = std::min(item.find(';'), item.size());
    const bool is_refused = base::trim(item.substr(weight)).ends_with("=0");
    if (base::iequals(base::trim(item.substr(0, weight)), "gzip")) return !is_refused;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace

std::string batch_body(std::span<const BufferedEvent> batch, Settings::Protocol protocol) {
  std::size_t size = 16;
  for (const BufferedEvent& event : batch) size += event.json.size() + 1;
  std::string body;
  body.reserve(size);
  body = protocol == Settings::Protocol::legacy ? "{\"events\":[" : "[";
  for (const BufferedEvent& event : batch) {
    if (&event != &batch.front()) body += ',';
    body += event.json;
  }
  body += protocol == Settings::Protocol::legacy ? "]}" : "]";
  return body;
}

std::string_view batch_path(Settings::Protocol protocol) {
  return protocol == Settings::Protocol::legacy ? "/api/v1/agent/events/batch"
                                                : "/api/events/batch";
}

base::Task<Result<void>> check_health(net::HttpSender& sender, net::HttpUrl backend,
                                      std::chrono::milliseconds time_limit) {
  net::ClientRequest request;
  request.time_limit = time_limit;
  request.method = "GET";
  request.url = std::move(backend);
  request.target = "/api/health";
  CO_TRY(const net::ClientResponse answer, co_await sender.send(std::move(request)));
  if (answer.status == 200) co_return Result<void>();
  co_return base::Error{base::Errc::unavailable,
                        fmt::format("unhealthy: status {}", answer.status)};
}

Forwarder::Forwarder(base::Executor& executor, const Settings& settings, net::HttpUrl backend,
                     Buffer& buffer, net::HttpSender& sender, Timer& timer,
                     const base::Clock& clock, base::Metrics& metrics)
    : strand_(executor),
      policy_{settings.retry_backoff, static_cast<int>(settings.max_retries)},
      batch_size_(
          std::clamp<std::size_t>(static_cast<std::size_t>(settings.batch_size), 1, kMaxBatch)),
      batch_interval_(settings.batch_interval),
      protocol_(settings.protocol),
      compression_(settings.compression),
      api_key_(settings.api_key),
      backend_(std::move(backend)),
      buffer_(buffer),
      sender_(sender),
      timer_(timer),
      clock_(clock),
      sent_(metrics.counter("sightline_forwarder_sent_total", "events that the backend has taken")),
      failed_(metrics.counter("sightline_forwarder_failed_attempts_total",
                              "requests to the backend that failed")),
      gzip_(settings.compression == Settings::Compression::gzip) {
  buffer_.set_listener([this] {
    if (buffer_.count() >= static_cast<std::int64_t>(batch_size_))
      strand_.executor().post([this] { events_stored(); });
  });
}

void Forwarder::events_stored() {
  strand_.assert_here();
  if (waits_for_size_) timer_.wake();
}

base::Task<void> Forwarder::run() {
  strand_.assert_here();
  running_ = true;
  bool has_more = false;  // than fitted into the last request
  while (!stopping_) {
    if (!has_more) co_await wait_for_batch();
    if (stopping_) break;
    const std::vector<BufferedEvent> batch = co_await read_batch();
    const auto size = static_cast<std::int64_t>(batch.size());
    has_more = size > 0 && batch.size() < batch_size_ && buffer_.count() > size;
    if (!batch.empty()) co_await deliver(batch);
  }
  co_await drain();
  running_ = false;
  if (stopper_) strand_.executor().resume({stopper_});
}

void Forwarder::hurry() {
  strand_.assert_here();
  hurries_ = true;
  events_stored();
}

base::Task<void> Forwarder::stop(milliseconds limit) {
  strand_.assert_here();
  stopping_ = true;
  timer_.wake();
  if (!running_) co_return;
  base::Started<bool> cut(cut_off(limit));
  struct Ended {
    std::coroutine_handle<>& waiter;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) { waiter = handle; }
    void await_resume() {}
  } ended{stopper_};
  co_await ended;
  stopper_ = {};
  timer_.wake();
  co_await cut;
}

ForwarderState Forwarder::state() const {
  strand_.assert_here();
  ForwarderState state = state_;
  state.pending = buffer_.count();
  return state;
}

/// Returns at once when a whole batch waits.
base::Task<void> Forwarder::wait_for_batch() {
  const std::size_t enough = hurries_ ? 1 : batch_size_;
  if (buffer_.count() >= static_cast<std::int64_t>(enough)) co_return;
  waits_for_size_ = true;
  co_await timer_.wait(batch_interval_);
  waits_for_size_ = false;
}

base::Task<std::vector<BufferedEvent>> Forwarder::read_batch() {
  auto batch = co_await buffer_.oldest(batch_size_, max_body_);
  if (batch) co_return std::move(*batch);
  (void)co_await tried_long_enough("read the buffer", batch.error());
  co_return std::vector<BufferedEvent>();
}

/// Attempts it as often as configured, with the waits between and after.
base::Task<bool> Forwarder::deliver(Batch batch) {
  base::log::debug("Flushing batch of {} events", batch.size());
  for (int attempted = 1;; ++attempted) {
    const Outcome outcome = co_await send(batch);
    if (outcome.verdict == Verdict::delivered) {
      failures_ = hang_ups_ = 0;
      co_return true;
    }
    ++failures_;
    const bool is_adapted = co_await adapt_to_hang_ups(batch, outcome);
    if (is_adapted) {
      failures_ = 0;
      co_return false;
    }
    const bool is_last = attempted == policy_.attempts() || outcome.verdict != Verdict::retry;
    state_.gave_up = is_last && hang_ups_ == 0;  // a smaller body may get through
    if (outcome.verdict == Verdict::refused) {
      base::log::error("the backend refuses all events, please check the configuration: {}",
                       outcome.why);
    } else {
      base::log::warn("Failed to send batch (attempt {}/{}): {}", attempted, policy_.attempts(),
                      outcome.why);
      if (is_last)
        base::log::error("Failed to flush batch: failed after {} attempts: {}", attempted,
                         outcome.why);
    }
    if (stopping_) co_return false;
    milliseconds pause = failures_ <= policy_.max_retries
                             ? policy_.after(failures_, outcome.retry_after)
                             : policy_.between_rounds(failures_, outcome.retry_after);
    if (outcome.verdict == Verdict::refused) pause = std::max<milliseconds>(pause, kRefusedPause);
    co_await timer_.wait(pause);
    // A part of it may have arrived: what is left is read anew.
    if (is_last || outcome.partial || stopping_) co_return false;
  }
}

/// Whether what is left is to be read anew: in smaller parts, or without an event that is parked.
base::Task<bool> Forwarder::adapt_to_hang_ups(Batch batch, const Outcome& outcome) {
  if (outcome.cut_off == 0) {
    hang_ups_ = 0;
    co_return false;
  }
  if (++hang_ups_ < kHangUps || stopping_) co_return false;
  hang_ups_ = 0;
  if (batch.size() > 1) {
    max_body_ = std::max(outcome.cut_off / 2, kLargeBody / 2);
    base::log::warn("the backend hung up under {} bytes, {} times in a row: from now on {} at most",
                    outcome.cut_off, kHangUps, max_body_);
    co_return true;
  }
  const Result<void> health = co_await check_health(sender_, backend_, kRequestLimit);
  if (!health) co_return false;
  co_await park(batch.front(), fmt::format("the backend hangs up under it, {} bytes: {}",
                                           outcome.cut_off, outcome.why));
  co_return true;
}

/// Once; in pieces if the backend finds fault with it.
base::Task<Forwarder::Outcome> Forwarder::send(Batch batch) {
  Outcome outcome = co_await attempt(batch);
  if (outcome.verdict != Verdict::split) co_return outcome;
  co_return co_await send_in_halves(batch, std::move(outcome));
}

/// In order, so that the events of a session stay in theirs.
base::Task<Forwarder::Outcome> Forwarder::send_in_halves(Batch batch, Outcome refusal) {
  std::vector<Batch> todo;
  Batch refused = batch;
  for (;;) {
    if (refused.size() == 1) {
      co_await park(refused.front(), refusal.why);
    } else if (!refused.empty()) {
      todo.push_back(refused.subspan(refused.size() / 2));
      todo.push_back(refused.first(refused.size() / 2));
    }
    if (todo.empty()) co_return Outcome();
    const Batch piece = todo.back();
    todo.pop_back();
    Outcome outcome = co_await attempt(piece);
    refused = {};
    if (outcome.verdict == Verdict::split) {
      refused = piece;
      refusal = std::move(outcome);
    } else if (outcome.verdict != Verdict::delivered) {
      outcome.partial = true;
      co_return outcome;
    }
  }
}

base::Task<Forwarder::Outcome> Forwarder::attempt(Batch batch) {
  net::ClientRequest request = request_for(batch);
  const bool was_compressed = request.gzip;
  const std::size_t body_bytes = request.body.size();
  const Result<net::ClientResponse> answer = co_await sender_.send(std::move(request));
  Outcome outcome;
  if (!answer) {
    outcome.verdict = Verdict::retry;
    outcome.why = fmt::format("request failed: {}", answer.error().what);
    if (answer.error().code == base::Errc::gone && body_bytes >= kLargeBody)
      outcome.cut_off = body_bytes;
  } else {
    outcome.verdict = judge(answer->status);
    outcome.why = fmt::format("unexpected status {}: {}", answer->status,
                              base::cut_utf8(answer->body, kMaxReason));
    outcome.retry_after = parse_retry_after(answer->header("retry-after"), clock_.now());
  }
  if (outcome.verdict == Verdict::delivered) {
    sent_.add(batch.size());
    state_.sent += batch.size();
    state_.connected = true;
    state_.gave_up = false;
    state_.last_error.clear();
    learn_coding(*answer);
    co_await remove(batch);
    co_return outcome;
  }
  if (answer && answer->status == 415 && was_compressed &&
      compression_ == Settings::Compression::automatic) {
    gzip_ = false;
    gzip_refused_ = true;
    co_return co_await attempt(batch);
  }
  failed_.add();
  ++state_.failed_attempts;
  state_.connected = false;
  state_.last_error = outcome.why;
  co_return outcome;
}

base::Task<void> Forwarder::remove(Batch batch) {
  std::vector<std::int64_t> rows;
  for (const BufferedEvent& event : batch) rows.push_back(event.row);
  for (bool is_over = false; !is_over;) {
    const Result<void> removed = co_await buffer_.remove(rows);
    is_over = co_await tried_long_enough("remove events that were sent", removed);
  }
}

base::Task<void> Forwarder::park(const BufferedEvent& event, std::string why) {
  for (bool is_over = false; !is_over;) {
    const Result<void> parked = co_await buffer_.park(event.row, why);
    is_over = co_await tried_long_enough("set an event aside", parked);
    if (parked) ++state_.parked;
  }
  state_.last_parked = std::move(why);
}

/// Whether it is done, or the end has come, when nothing is waited for; waits otherwise.
base::Task<bool> Forwarder::tried_long_enough(std::string_view what, const Result<void>& done) {
  if (done) co_return true;
  base::log::error("cannot {}: {}", what, done.error().what);
  disk_failed_ = stopping_;
  if (stopping_) co_return true;
  co_await timer_.wait(kDiskPause);
  co_return false;
}

/// What is left, each batch once. What cannot be removed would be sent over and over.
base::Task<void> Forwarder::drain() {
  while (!out_of_time_ && !disk_failed_) {
    const std::vector<BufferedEvent> batch = co_await read_batch();
    if (batch.empty()) co_return;
    const Outcome outcome = co_await send(batch);
    if (outcome.verdict == Verdict::delivered) continue;
    base::log::error("Failed to flush batch on shutdown: {}; {} events stay in the buffer",
                     outcome.why, buffer_.count());
    co_return;
  }
}

base::Task<bool> Forwarder::cut_off(milliseconds limit) {
  co_await timer_.wait(limit);
  out_of_time_ = running_;
  if (running_) sender_.cancel();
  co_return out_of_time_;
}

void Forwarder::learn_coding(const net::ClientResponse& answer) {
  if (compression_ != Settings::Compression::automatic || gzip_refused_) return;
  gzip_ = names_gzip(answer.header("accept-encoding")) ||
          base::to_lower(answer.header("server")).starts_with("sightline");
}

net::ClientRequest Forwarder::request_for(Batch batch) {
  net::ClientRequest request;
  request.url = backend_;
  request.target = batch_path(protocol_);
  request.headers = {{"Content-Type", "application/json"},
                     {"Authorization", "Bearer " + api_key_},
                     {"User-Agent", "devlog-collector/1.0"}};
  request.body = batch_body(batch, protocol_);
  request.gzip = gzip_;
  request.time_limit = kRequestLimit;
  return request;
}

}  // namespace collector
