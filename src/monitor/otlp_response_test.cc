#include "monitor/otlp_response.h"

#include <gtest/gtest.h>

namespace monitor::otlp {
namespace {

TEST(OtlpResponseTest, WhatIsTakenWholeIsAnsweredWithAnEmptyMessage) {
  EXPECT_EQ(to_response_body(Encoding::json, Signal::logs, 0), "{}");
  EXPECT_EQ(to_response_body(Encoding::protobuf, Signal::logs, 0), "");
}

TEST(OtlpResponseTest, WhatIsLeftOutIsCounted) {
  EXPECT_EQ(to_response_body(Encoding::json, Signal::logs, 2),
            R"({"partialSuccess":{"rejectedLogRecords":"2",)"
            R"("errorMessage":"records of broken structure were left out"}})");
  EXPECT_NE(to_response_body(Encoding::json, Signal::metrics, 2).find("rejectedDataPoints"),
            std::string::npos);
  EXPECT_NE(to_response_body(Encoding::json, Signal::traces, 2).find("rejectedSpans"),
            std::string::npos);
  const std::string message = "records of broken structure were left out";
  EXPECT_EQ(to_response_body(Encoding::protobuf, Signal::traces, 300),
            "\x0A\x2E\x08\xAC\x02\x12\x29" + message);
}

TEST(OtlpResponseTest, AStatusHasACodeAndAMessage) {
  EXPECT_EQ(to_status_body(Encoding::json, StatusCode::invalid_argument, "a \"b\""),
            R"({"code":3,"message":"a \"b\""})");
  EXPECT_EQ(to_status_body(Encoding::protobuf, StatusCode::unavailable, "busy"),
            "\x08\x0E\x12\x04"
            "busy");
}

}  // namespace
}  // namespace monitor::otlp
