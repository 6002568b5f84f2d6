#include "request_parser.h"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"

namespace net {

namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

// The least that can end a body of chunks: Beast asserts that many once a last chunk has begun.
constexpr std::size_t kLastChunkBytes = 5;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

Method to_method(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return Method::get;
    case http::verb::head:
      return Method::head;
    case http::verb::post:
      return Method::post;
    case http::verb::put:
      return Method::put;
    case http::verb::patch:
      return Method::patch;
    case http::verb::delete_:
      return Method::delete_;
    case http::verb::options:
      return Method::options;
    default:
      return Method::other;
  }
}

}  // namespace

/// Collects what Beast's parser finds. The head's bytes are copied into one text, for the
/// connection's read buffer is shared and soon reused; views into it are made when it is complete.
class RequestParser::Beast : public http::basic_parser<true> {
 public:
  struct Span {
    std::size_t at, size;
  };
  struct Field {
    Span name, value;
  };

  Beast() {
    header_limit(static_cast<std::uint32_t>(kMaxHeadBytes));
    body_limit(boost::none);
    head.reserve(512);
    fields.reserve(16);
  }

  std::string head;
  Span method{}, target{};
  http::verb verb = http::verb::unknown;
  int version = 11;
  std::vector<Field> fields;
  std::string body;
  std::size_t max_body_bytes = 0;
  bool body_too_large = false;
  std::uint64_t chunk_left = 0;  // bytes of the chunk that has begun

  std::string_view at(Span span) const { return std::string_view(head).substr(span.at, span.size); }

  /// The status and the reason for an error of `put`.
  std::pair<int, std::string> refusal(error_code error) const {
    if (body_too_large || error == http::error::body_limit)
      return {413, fmt::format("request body is larger than {} bytes", max_body_bytes)};
    if (error == http::error::header_limit)
      return {431, fmt::format("request head is larger than {} bytes", kMaxHeadBytes)};
    if (error == http::error::bad_version)
      return {505, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
    return {400, fmt::format("malformed request: {}", error.message())};
  }

 private:
  Span keep(std::string_view text) {
    const Span span{head.size(), text.size()};
    head += text;
    return span;
  }
  void append_body(std::string_view bytes, error_code& error) {
    if (bytes.size() > max_body_bytes - body.size()) {
      body_too_large = true;
      error = http::error::body_limit;
      return;
    }
    body += bytes;
  }

  void on_request_impl(http::verb known, boost::beast::string_view method_text,
                       boost::beast::string_view target_text, int http_version,
                       error_code& error) override {
    verb = known;
    method = keep(view(method_text));
    target = keep(view(target_text));
    version = http_version;
    error = {};
  }
  void on_response_impl(int, boost::beast::string_view, int, error_code&) override {}
  void on_field_impl(http::field, boost::beast::string_view name, boost::beast::string_view value,
                     error_code& error) override {
    error = {};
    if (is_header_done()) return;  // a trailer: nobody asks for it, and `head` has views into it
    const Span name_span = keep(view(name));
    fields.push_back({name_span, keep(view(value))});
  }
  void on_header_impl(error_code& error) override { error = {}; }
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code& error) override {
    error = {};
  }
  std::size_t on_body_impl(boost::beast::string_view bytes, error_code& error) override {
    append_body(view(bytes), error);
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t size, boost::beast::string_view,
                            error_code& error) override {
    chunk_left = size;
    error = {};
  }
  std::size_t on_chunk_body_impl(std::uint64_t left, boost::beast::string_view bytes,
                                 error_code& error) override {
    chunk_left = left - bytes.size();
    append_body(view(bytes), error);
    return bytes.size();
  }
  void on_finish_impl(error_code& error) override { error = {}; }
};

RequestParser::RequestParser() = default;
RequestParser::~RequestParser() = default;

std::size_t RequestParser::feed(std::string_view bytes) {
  if (bytes.empty() || state_ == State::done || state_ == State::failed) return 0;
  std::size_t used = 0;
  if (!started_) {
    // Some clients end a body with a line end that belongs to nothing: RFC 9112 section 2.2.
    while (bytes.substr(used).starts_with("\r\n")) used += 2;
    if (used == bytes.size() || bytes.substr(used) == "\r") return used;
  }
  if (!beast_) beast_ = std::make_unique<Beast>();
  started_ = true;

  // One call of `put` takes one element: the head, a piece of body, a chunk header.
  for (;;) {
    error_code error;
    const std::string_view rest = bytes.substr(used);
    const bool between_chunks =
        state_ == State::body && beast_->chunked() && beast_->chunk_left == 0;
    if (between_chunks && rest.size() < kLastChunkBytes) return used;
    const std::size_t body_before = beast_->body.size();
    const std::size_t taken = beast_->put({rest.data(), rest.size()}, error);
    used += taken;
    // What is no body: the head, the head of a chunk, the trailer.
    framing_bytes_ = state_ == State::head ? framing_bytes_ + taken
                                           : taken - (beast_->body.size() - body_before);
    const bool waits = error == http::error::need_more;
    if ((waits || !error) && framing_bytes_ + (waits ? rest.size() - taken : 0) > kMaxHeadBytes) {
      fail(431, fmt::format("{} is larger than {} bytes",
                            state_ == State::head ? "request head" : "head of a chunk or trailer",
                            kMaxHeadBytes));
      return used;
    }
    if (waits) return used;
    if (error) {
      auto [status, reason] = beast_->refusal(error);
      fail(status, std::move(reason));
      return used;
    }
    if (state_ == State::head && beast_->is_header_done()) {
      finish_head();
      if (state_ == State::body && beast_->is_done()) state_ = State::done;
      return used;
    }
    if (beast_->is_done()) {
      request_.body = std::move(beast_->body);
      state_ = State::done;
      return used;
    }
    if (used == bytes.size()) return used;
  }
}

std::optional<std::uint64_t> RequestParser::announced_body_bytes() const {
  ASSERT(beast_);
  if (const auto length = beast_->content_length()) return *length;
  if (beast_->chunked()) return std::nullopt;
  return 0;
}

void RequestParser::set_max_body_bytes(std::size_t bytes) {
  ASSERT(beast_);
  beast_->max_body_bytes = bytes;
}

void RequestParser::reset() {
  beast_.reset();
  request_ = Request();
  state_ = State::head;
  framing_bytes_ = 0;
  started_ = false;
}

void RequestParser::fail(int status, std::string reason) {
  state_ = State::failed;
  status_ = status;
  reason_ = std::move(reason);
}

void RequestParser::finish_head() {
  state_ = State::body;
  request_.method = to_method(beast_->verb);
  request_.method_text = beast_->at(beast_->method);
  request_.target = beast_->at(beast_->target);
  request_.version_minor = beast_->version % 10;
  int hosts = 0, lengths = 0, codings = 0;
  bool only_chunked = true;
  request_.headers.reserve(beast_->fields.size());
  for (const Beast::Field& field : beast_->fields) {
    const std::string_view name = beast_->at(field.name);
    hosts += base::iequals(name, "host");
    lengths += base::iequals(name, "content-length");
    if (base::iequals(name, "transfer-encoding")) {
      ++codings;
      only_chunked = only_chunked && base::iequals(beast_->at(field.value), "chunked");
    }
    request_.headers.emplace_back(name, beast_->at(field.value));
  }
  if (beast_->version != 10 && beast_->version != 11)
    return fail(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
  if (hosts > 1 || (hosts == 0 && beast_->version == 11))
    return fail(400, "exactly one Host header is needed");
  // Two lengths, or a length beside chunks, is how requests are smuggled past a proxy.
  if (lengths > 1 || codings > 1 || (lengths == 1 && codings == 1))
    return fail(400, "the length of the body is ambiguous");
  if (codings == 1 && !only_chunked) return fail(501, "only the transfer coding chunked is known");
  // Chunks are unknown to HTTP/1.0, so who passed this on may see its end elsewhere.
  request_.keep_alive = beast_->keep_alive() && (codings == 0 || beast_->version == 11);

  std::string_view target = request_.target;
  if (target.starts_with("http://") || target.starts_with("https://")) {
    const std::size_t slash = target.find('/', target.find("//") + 2);
    target = slash == target.npos ? "/" : target.substr(slash);  // absolute-form
  }
  if (!target.starts_with('/') && target != "*") return fail(400, "malformed request target");
  target = target.substr(0, target.find('#'));
  const std::size_t question = target.find('?');
  request_.raw_query = question == target.npos ? std::string_view() : target.substr(question + 1);
  request_.raw_path = target.substr(0, question);
  auto path = percent_decode(request_.raw_path);
  if (!path) return fail(400, "malformed percent-encoding in the path");
  request_.path = std::move(*path);
}

}  // namespace net
