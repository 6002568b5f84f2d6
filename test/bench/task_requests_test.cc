#include "task_requests.h"

#include <gtest/gtest.h>

#include "wire.h"

namespace bench {
namespace {

std::int64_t now_ns() { return std::chrono::nanoseconds(Clock::now().time_since_epoch()).count(); }

TEST(TaskRequest, ClaimsTheLengthOfItsBody) {
  EXPECT_EQ(to_task_request("POST", "/tasks", "{}"),
            "POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            "Content-Length: 2\r\n\r\n{}");
}

TEST(TaskBatch, HoldsTheEventSoManyTimes) { EXPECT_EQ(to_task_batch("{}", 3), "[{},{},{}]"); }

TEST(TaskEvents, CarryANumberOfTheirOwnAndTheTimeOfTheSend) {
  TaskEvents source(2);
  const std::int64_t before = now_ns();
  for (int i = 1; i <= 100; ++i) {
    const std::string request(source.next(i % 2));
    char id[30];
    std::snprintf(id, sizeof id, "\"bench-%010d-", i);
    EXPECT_NE(request.find(id), std::string::npos) << request;
    EXPECT_GE(to_stamp(request), before) << request;
    EXPECT_LE(to_stamp(request), now_ns()) << request;
  }
}

}  // namespace
}  // namespace bench
