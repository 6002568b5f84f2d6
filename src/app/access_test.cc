#include "access.h"

#include <gtest/gtest.h>

namespace app {
namespace {

using net::Method;

class AccessTest : public testing::Test {
 protected:
  int status(Method method, std::vector<std::pair<std::string_view, std::string_view>> headers,
             std::string_view query = {}) {
    net::Request request;
    request.method = method;
    request.path = "/api/events";
    request.raw_query = query;
    request.headers = std::move(headers);
    const auto refusal = Access(rules_).check(request);
    return refusal ? refusal->status : 0;
  }
  Access::Rules rules_{"127.0.0.1", {}, {}, "", {}};
};

TEST_F(AccessTest, OnlyOurOwnNamesAreServed) {
  for (const char* host : {"127.0.0.1:3141", "localhost", "LOCALHOST:1", "[::1]:3141", "127.1.2.3",
                           "agentmonitor.localhost:3141"})
    EXPECT_EQ(status(Method::get, {{"Host", host}}), 0) << host;
  for (const char* host :
       {"evil.example", "localhost.evil.example", "10.0.0.1", "", "[::2]:80", "127.0.0.1.evil"})
    EXPECT_EQ(status(Method::get, {{"Host", host}}), 403) << host;
  rules_.allowed_hosts = {"my.box"};
  EXPECT_EQ(status(Method::get, {{"host", "My.Box:3141"}}), 0);
}

TEST_F(AccessTest, BoundToEveryAddressALiteralOneIsServed) {
  rules_.bound_host = "0.0.0.0";
  EXPECT_EQ(status(Method::get, {{"Host", "192.168.1.5:3141"}}), 0);
  EXPECT_EQ(status(Method::get, {{"Host", "evil.example"}}), 403);
}

TEST_F(AccessTest, AForeignPageMayNotWrite) {
  const char* host = "127.0.0.1:3141";
  EXPECT_EQ(status(Method::post, {{"Host", host}}), 0);
  EXPECT_EQ(status(Method::post, {{"Host", host}, {"Origin", "http://127.0.0.1:3141"}}), 0);
  for (const char* origin :
       {"http://evil.example", "null", "http://127.0.0.1:8080", "http://localhost:3141"})
    EXPECT_EQ(status(Method::post, {{"Host", host}, {"Origin", origin}}), 403) << origin;
  EXPECT_EQ(status(Method::get, {{"Host", host}, {"Origin", "http://evil.example"}}), 0);
  rules_.allowed_origins = {"http://evil.example"};
  EXPECT_EQ(status(Method::post, {{"Host", host}, {"Origin", "http://evil.example"}}), 0);
  EXPECT_EQ(status(Method::options, {{"Host", host},
                                     {"Origin", "http://evil.example"},
                                     {"Access-Control-Request-Method", "POST"}}),
            204);
}

TEST_F(AccessTest, ATokenIsNeededWhereOneIsSet) {
  rules_.token = "secret";
  const char* host = "localhost";
  EXPECT_EQ(status(Method::get, {{"Host", host}}), 401);
  EXPECT_EQ(status(Method::get, {{"Host", host}, {"Authorization", "Bearer wrong!"}}), 401);
  EXPECT_EQ(status(Method::get, {{"Host", host}, {"Authorization", "Bearer secre"}}), 401);
  EXPECT_EQ(status(Method::get, {{"Host", host}, {"Authorization", "bearer secret"}}), 0);
  EXPECT_EQ(status(Method::get, {{"Host", host}}, "access_token=secret"), 0);
  EXPECT_EQ(status(Method::post, {{"Host", host}}, "access_token=secret"), 401);
}

}  // namespace
}  // namespace app
