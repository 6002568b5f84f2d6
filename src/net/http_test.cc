#include "net/http.h"

#include <gtest/gtest.h>

#include "net/router.h"

namespace net {
namespace {

Handler answering(std::string_view text) {
  return [text](Request&) -> base::Task<Response> {
    Response response = Response::text(200, "text/plain", std::string(text));
    co_return response;
  };
}

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    router_.get("/", answering("root"));
    router_.get("/api/events", answering("list"));
    router_.post("/api/events", answering("add"), 100);
    router_.get("/api/sessions/{id}", answering("one"));
    router_.get("/api/sessions/all", answering("all"));
    router_.get("/api/pages/{n:int}/rows", answering("page"));
  }
  const Route* find(Method method, std::string path) {
    request_ = Request();
    request_.method = method;
    request_.path = std::move(path);
    return router_.find(request_);
  }
  const Route* find_raw(std::string_view path) {
    request_ = Request();
    request_.raw_path = path;
    request_.path = *percent_decode(path);
    return router_.find(request_);
  }
  std::string allowed(std::string path) {
    request_ = Request();
    request_.path = std::move(path);
    return router_.allowed(request_);
  }
  Router router_;
  Request request_;
};

TEST_F(RouterTest, MethodAndPathChooseTheRoute) {
  EXPECT_NE(find(Method::get, "/"), nullptr);
  EXPECT_EQ(find(Method::post, "/api/events")->rules.max_body_bytes, 100u);
  EXPECT_EQ(find(Method::get, "/api/events")->method_name, "GET");
  EXPECT_EQ(find(Method::put, "/api/events"), nullptr);
  EXPECT_EQ(find(Method::get, "/api"), nullptr);
  EXPECT_EQ(find(Method::get, "/api/events/more"), nullptr);
}

TEST_F(RouterTest, AnExactRouteMindsCaseAndTheLastSlash) {
  RouteRules rules;
  rules.is_exact = true;
  router_.add(Method::get, "/tasks", answering("tasks"), rules);
  router_.add(Method::get, "/tasks/{id}/events", answering("events"), rules);
  for (const char* path : {"/tasks", "/tasks/a%2F/events", "/tasks/A/events", "/api/Events/"})
    EXPECT_NE(find_raw(path), nullptr) << path;
  for (const char* path : {"/tasks/", "/TASKS", "/tasks/a/Events", "/tasks/a/events/", "//tasks"})
    EXPECT_EQ(find_raw(path), nullptr) << path;
}

TEST_F(RouterTest, HeadIsAnsweredByGet) {
  EXPECT_EQ(find(Method::head, "/api/events")->method, Method::get);
}

TEST_F(RouterTest, ATrailingSlashAndTheCaseDoNotMatter) {
  EXPECT_EQ(find(Method::get, "/API/Events/"), find(Method::get, "/api/events"));
}

TEST_F(RouterTest, ParametersAreTakenFromThePath) {
  ASSERT_NE(find(Method::get, "/api/sessions/Some Id"), nullptr);
  EXPECT_EQ(request_.params.text("id"), "Some Id");
  ASSERT_NE(find(Method::get, "/api/pages/-12/rows"), nullptr);
  EXPECT_EQ(request_.params.integer("n"), -12);
  EXPECT_EQ(find(Method::get, "/api/pages/x/rows"), nullptr);
  EXPECT_EQ(find(Method::get, "/api/pages/99999999999999999999/rows"), nullptr);
}

TEST_F(RouterTest, AnEscapedSlashSeparatesNothing) {
  ASSERT_NE(find_raw("/api/sessions/a%2Fb%20c"), nullptr);
  EXPECT_EQ(request_.params.text("id"), "a/b c");
  ASSERT_NE(find_raw("/api/sess%69ons/100%2525"), nullptr);
  EXPECT_EQ(request_.params.text("id"), "100%25");
  EXPECT_EQ(find_raw("/api%2Fsessions/x"), nullptr);
}

TEST_F(RouterTest, AFixedSegmentWinsOverAParameter) {
  const Route* fixed = find(Method::get, "/api/sessions/all");
  EXPECT_NE(fixed, find(Method::get, "/api/sessions/other"));
}

TEST_F(RouterTest, AllowedListsTheMethodsOfAPath) {
  EXPECT_EQ(allowed("/api/events"), "GET, HEAD, POST");
  EXPECT_EQ(allowed("/api/sessions/x"), "GET, HEAD");
  EXPECT_EQ(allowed("/nope"), "");
}

TEST(QueryTest, TheFirstValueOfANameCounts) {
  const Query query("a=1&b=&a=2&c&%64=x%20y+z&e=%zz&agent%5B%5D=q");
  EXPECT_EQ(query.first("a"), "1");
  EXPECT_EQ(query.first("b"), "");
  EXPECT_EQ(query.first("c"), "");
  EXPECT_EQ(query.first("d"), "x y z");
  EXPECT_EQ(query.first("e"), "%zz");
  EXPECT_EQ(query.first("agent"), "");
  EXPECT_EQ(query.first("agent[]"), "q");
}

TEST(HttpTest, MediaTypesAreReadWithTheirParameters) {
  EXPECT_EQ(media_type(" Application/JSON ; charset=UTF-8"), "application/json");
  EXPECT_EQ(media_type_parameter("text/plain; a=b; Charset=\"UTF-16\"", "charset"), "utf-16");
  EXPECT_EQ(media_type_parameter("text/plain", "charset"), "");
}

TEST(HttpTest, ABrokenEscapeIsNotDecoded) {
  EXPECT_EQ(percent_decode("/a%20b"), "/a b");
  EXPECT_EQ(percent_decode("%"), std::nullopt);
  EXPECT_EQ(percent_decode("%2"), std::nullopt);
  EXPECT_EQ(percent_decode("%g0"), std::nullopt);
  EXPECT_EQ(percent_decode("a+b"), "a+b");
}

}  // namespace
}  // namespace net
