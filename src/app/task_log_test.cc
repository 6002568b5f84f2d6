#include "task_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace app {
namespace {

using net::Method;
using net::Request;
using net::Response;
using testing::HasSubstr;

class TaskLogTest : public testing::Test {
 protected:
  static Request request(Method method, std::string_view name, std::string_view path,
                         std::string body = {}) {
    Request request;
    request.method = method;
    request.method_text = name;
    request.raw_path = path;
    request.body = std::move(body);
    return request;
  }
  /// Behind the time.
  static std::string line(const Request& request, int status,
                          std::chrono::nanoseconds took = std::chrono::microseconds{2900}) {
    Response response;
    response.status = status;
    return describe_task_request(request, response, kNow, took).substr(22);
  }
  static std::string publish(std::string body) {
    const std::string text =
        line(request(Method::post, "POST", "/tasks/t/events", std::move(body)), 201);
    return text.substr(text.find("  ("));
  }
  static std::string failure(std::string_view path, std::string cause) {
    Response response;
    response.status = 503;
    response.cause = std::move(cause);
    return describe_task_failure(request(Method::get, "GET", path), response, kNow);
  }

  static constexpr base::Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} +
                                   std::chrono::milliseconds{3723004}};
};

TEST_F(TaskLogTest, ALineHasItsColumns) {
  Response response;
  response.status = 201;
  EXPECT_EQ(describe_task_request(request(Method::post, "POST", "/tasks"), response, kNow,
                                  std::chrono::milliseconds{12}),
            "[2026-03-01 01:02:03] POST   /tasks                              → 201   12ms  (task "
            "created)");
  EXPECT_EQ(line(request(Method::get, "GET", "/tasks/a%0Ab"), 404),
            "GET    /tasks/a%0Ab                        → 404    2ms");
}

TEST_F(TaskLogTest, ARequestIsToldByWhatItIsAbout) {
  EXPECT_EQ(publish(R"({"type":"llm.delta"})"), "  (type: llm.delta)");
  EXPECT_EQ(publish(R"({"type":"a\nb"})"), R"(  (type: a\nb))");
  EXPECT_EQ(publish("[1,2,3]"), "  (3 events)");
  EXPECT_EQ(publish("{"), "  (event published)");
  EXPECT_EQ(publish(std::string(65'537, ' ')), "  (body too large to log)");
  const auto about = [&](Method method, std::string_view path, std::string body, int status) {
    const std::string text = line(request(method, "X", path, std::move(body)), status);
    const std::size_t begin = text.find("  (");
    return text.substr(text.find("→ ") + 4, 3) + (begin == text.npos ? "" : text.substr(begin + 1));
  };
  EXPECT_EQ(about(Method::post, "/tasks", "{}", 400), "400");
  EXPECT_EQ(about(Method::patch, "/tasks/t/status", R"({"status":"running"})", 409),
            "409 (→ running)");
  EXPECT_EQ(about(Method::patch, "/tasks/t/status", "", 400), "400 (status transition)");
  EXPECT_EQ(about(Method::get, "/tasks/t/events", "", 401), "SSE (subscriber connected)");
  EXPECT_EQ(about(Method::get, "/events", "", 200), "SSE (global subscriber connected)");
  EXPECT_EQ(about(Method::post, "/tasks/t/resolve", "{}", 200), "200 (resolve)");
  EXPECT_EQ(about(Method::get, "/tasks/t/events/history", "", 200), "200");
}

TEST_F(TaskLogTest, NothingOfARequestCommandsATerminal) {
  const std::string odd =
      "a\n\x1b[2J\x7f\xc2\x9b"
      "31m\xc3\xa9\xc2\xa0"
      "b";
  const std::string quoted =
      "a\\n\\u001b[2J\\u007f\\u009b31m\xc3\xa9\xc2\xa0"
      "b";
  EXPECT_THAT(line(request(Method::get, "GET", "/tasks/" + odd), 404), HasSubstr("/" + quoted));
}

TEST_F(TaskLogTest, AFailureIsALineOfJsonWithItsCause) {
  EXPECT_EQ(failure("/tasks/t", ""),
            R"({"timestamp":"2026-03-01T01:02:03.004Z","level":"error",)"
            R"("event":"http_request_failed","method":"GET","path":"/tasks/t","status":503})");
  EXPECT_NE(failure("/tasks/t/archive", "x").find(R"("errorKind":"archive","error":"x"})"),
            std::string::npos);
  EXPECT_NE(failure("/events", "x").find(R"("errorKind":"store")"), std::string::npos);
  EXPECT_NE(failure("/health", "x").find(R"("errorKind":"internal")"), std::string::npos);
}

TEST_F(TaskLogTest, ACauseTellsNoPasswordAndEndsSomewhere) {
  EXPECT_NE(failure("/tasks", "no redis://me:pa@ss@host/0 or http://b:c@d and a@b://e")
                .find("no redis://***@host/0 or http://***@d and a@b://e"),
            std::string::npos);
  std::string longer;
  for (int i = 0; i < 3000; ++i) longer += "ä";
  const std::string text = failure("/tasks", longer);
  EXPECT_EQ(text.size() - failure("/tasks", "x").size(), 2 * 2048u - 1);
}

}  // namespace
}  // namespace app
