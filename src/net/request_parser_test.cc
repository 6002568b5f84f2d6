#include "request_parser.h"

#include <gtest/gtest.h>

namespace net {
namespace {

using State = RequestParser::State;

class RequestParserTest : public testing::Test {
 protected:
  /// Feeds `bytes` in pieces of `size`, as a connection would; what was not taken is kept.
  State feed(std::string_view bytes, std::size_t size = 1 << 20) {
    for (std::size_t at = 0; at < bytes.size() || !unread_.empty();) {
      const std::string_view piece = bytes.substr(at, size);
      at += piece.size();
      unread_ += piece;
      for (;;) {
        const State before = parser_.state();
        unread_.erase(0, parser_.feed(unread_));
        if (before == State::head && parser_.state() == State::body)
          parser_.set_max_body_bytes(max_body_);
        if (unread_.empty() || parser_.state() == before) break;
      }
      if (parser_.state() == State::done || parser_.state() == State::failed) break;
      if (at >= bytes.size()) break;
    }
    return parser_.state();
  }
  int status_of(std::string_view bytes) {
    parser_.reset();
    unread_.clear();
    return feed(bytes) == State::failed ? parser_.status() : 0;
  }
  RequestParser parser_;
  std::string unread_;
  std::size_t max_body_ = 100;
};

TEST_F(RequestParserTest, ARequestIsReadInPiecesOfAnySize) {
  for (std::size_t size : {1, 2, 3, 7, 1000}) {
    parser_.reset();
    unread_.clear();
    ASSERT_EQ(
        feed(
            "POST /api/x%20y?a=1 HTTP/1.1\r\nHost: h\r\nX-Y:  z \r\nContent-Length: 5\r\n\r\nhello",
            size),
        State::done)
        << size;
    Request& request = parser_.request();
    EXPECT_EQ(request.method, Method::post);
    EXPECT_EQ(request.path, "/api/x y");
    EXPECT_EQ(request.raw_query, "a=1");
    EXPECT_EQ(request.header("x-y"), "z");
    EXPECT_EQ(request.body, "hello");
    EXPECT_TRUE(request.keep_alive);
  }
}

TEST_F(RequestParserTest, ChunksAreJoined) {
  for (std::size_t size : {1, 5, 1000}) {
    parser_.reset();
    unread_.clear();
    ASSERT_EQ(feed("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "3;ext=1\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nTrailer: x\r\n\r\n",
                   size),
              State::done)
        << size;
    EXPECT_EQ(parser_.request().body, "abc0123456789abcdef");
  }
}

TEST_F(RequestParserTest, WhatFollowsARequestIsLeftForTheNext) {
  const std::string two = "GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n";
  ASSERT_EQ(feed(two), State::done);
  EXPECT_EQ(parser_.request().path, "/a");
  const std::string rest = unread_;
  parser_.reset();
  unread_.clear();
  ASSERT_EQ(feed(rest), State::done);
  EXPECT_EQ(parser_.request().path, "/b");
}

TEST_F(RequestParserTest, AmbiguousOrBrokenRequestsAreRefused) {
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
  EXPECT_EQ(
      status_of(
          "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"),
      400);
  EXPECT_EQ(
      status_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n"),
      400);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n"), 400);
  EXPECT_EQ(status_of("nonsense\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET nopath HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: h\r\n" + std::string(20000, 'x')), 431);
  EXPECT_EQ(
      status_of("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n"),
      400);
}

TEST_F(RequestParserTest, ABodyOverTheLimitIsRefusedWhileItArrives) {
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" +
                      std::string(101, 'x')),
            413);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n" +
                      std::string(101, 'x')),
            413);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n" +
                      std::string(100, 'x')),
            0);
}

TEST_F(RequestParserTest, EmptyLinesBeforeARequestAreSkipped) {
  ASSERT_EQ(feed("\r\n\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n"), State::done);
  EXPECT_EQ(parser_.request().path, "/a");
}

TEST_F(RequestParserTest, ATrailerDoesNotMoveTheHead) {
  ASSERT_EQ(feed("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" +
                 std::string("X: ") + std::string(4000, 'x') + "\r\n\r\n"),
            State::done);
  EXPECT_EQ(parser_.request().header("host"), "h");
  EXPECT_EQ(parser_.request().header("x"), "");
}

TEST_F(RequestParserTest, AbsoluteTargetsAndOldClientsAreUnderstood) {
  ASSERT_EQ(feed("GET http://h/a?b HTTP/1.1\r\nHost: h\r\n\r\n"), State::done);
  EXPECT_EQ(parser_.request().path, "/a");
  parser_.reset();
  unread_.clear();
  ASSERT_EQ(feed("GET /a HTTP/1.0\r\n\r\n"), State::done);
  EXPECT_FALSE(parser_.request().keep_alive);
}

}  // namespace
}  // namespace net
