#include "copilot_chat_log_reader.h"

#include "document_test_support.h"

namespace agents {
namespace {

class CopilotChatLogTest : public DocumentTest {
 protected:
  Told read_log(const std::string& log) {
    return read<CopilotChatLogReader>(write("7d1d.jsonl", log));
  }
  /// The texts of questions and, behind `=`, answers.
  std::string talk(const std::string& log) {
    const Told told = read_log(log);
    EXPECT_TRUE(told.result.ok());
    std::string talk;
    for (const ToldRecord& record : told.records)
      talk += (record.kind == Record::Kind::response ? "=" : " ") + record["text"];
    return talk;
  }
  static std::string session(const std::string& requests = "") {
    return R"({"kind":0,"v":{"version":3,"initialLocation":"panel","inputState":{"x":[1]},)"
           R"("requests":[)" +
           requests + "]}}\n";
  }
  static std::string request(const std::string& text, const std::string& more = "") {
    return R"({"requestId":")" + text + R"(","message":{"text":")" + text + "\"}" + more + "}";
  }
};

TEST_F(CopilotChatLogTest, ASessionIsToldAsItWasInTheEnd) {
  const std::string log =
      session(request("a")) + R"({"kind":2,"k":["requests"],"v":[)" +
      request("b", R"(,"modelState":{"value":0})") + "]}\n" +
      R"({"kind":2,"k":["requests",1,"response"],"v":[{"value":"x"},{"value":"y"}]})"
      "\n"
      R"({"kind":2,"k":["requests",1,"response"],"v":[{"value":"z"}],"i":1})"
      "\n";
  EXPECT_EQ(talk(log), " a= b");
  const std::string done = R"({"kind":1,"k":["requests",1,"modelState"],"v":{"value":1}})"
                           "\n";
  EXPECT_EQ(talk(log + done), " a= b=xz");
  EXPECT_EQ(talk(log + done + R"({"kind":3,"k":["requests",1,"response"]})"), " a= b=");
  EXPECT_EQ(talk(log + done + R"({"kind":3,"k":["requests",0]})"), " b=xz");
  EXPECT_EQ(talk(log + R"({"kind":2,"k":["requests"],"i":0})"), "");
  EXPECT_EQ(talk(log + session(request("c"))), " c=");
  EXPECT_EQ(talk(log + R"({"kind":1,"k":[],"v":{}})"), "");
  EXPECT_EQ(talk(log + R"({"kind":1,"k":["requests"],"v":[)" + request("d") + "]}"), " d=");
  EXPECT_EQ(talk(log + R"({"kind":1,"k":["requests",0],"v":)" + request("e") + "}"), " e= b");
}

TEST_F(CopilotChatLogTest, TheSessionsMembersMayChange) {
  const Told told =
      read_log(session(request("a")) + R"({"kind":1,"k":["initialLocation"],"v":"editor"})"
                                       "\n"
                                       R"({"kind":1,"k":["customTitle"],"v":"t"})"
                                       "\n"
                                       R"({"kind":2,"k":["inputState","x"],"v":[2]})"
                                       "\n");
  EXPECT_EQ(told.counts.broken, 0u);
  EXPECT_EQ(told.counts.lines, 4u);
  EXPECT_EQ(told.records.at(0).context.at("location"), "editor");
  EXPECT_EQ(told.records.at(0)["session"], "7d1d");
}

TEST_F(CopilotChatLogTest, TokensComeWithTheResult) {
  const Told told = read_log(
      session(request("a")) +
      R"({"kind":1,"k":["requests",0,"result"],"v":{"timings":{},"metadata":{"promptTokens":5,)"
      R"("outputTokens":2,"toolCallRounds":[{"response":"x"}]}}})"
      "\n");
  EXPECT_EQ(told.records.at(1).usage->input, 5);
}

TEST_F(CopilotChatLogTest, ALastLineThatIsNotCompleteIsLeft) {
  const Told told = read_log(session(request("a")) + R"({"kind":2,"k":["requests"],"v":[{"requ)");
  EXPECT_TRUE(told.result.ok());
  EXPECT_EQ(told.counts.broken, 0u);
  EXPECT_EQ(told.records.size(), 2u);
}

TEST_F(CopilotChatLogTest, WhatIsNoChangeIsCounted) {
  const Told told = read_log(session(request("a")) +
                             "no json\n7\n{}\n"
                             "{\"kind\":9,\"k\":[\"requests\"]}\n{\"kind\":1,\"k\":[]}\n"
                             "{\"kind\":1,\"k\":[\"requests\",5,\"response\"],\"v\":1}\n"
                             "{\"kind\":1,\"k\":[7],\"v\":1}\n{\"kind\":3,\"k\":[\"requests\",7]}\n"
                             "{\"kind\":1,\"k\":\"requests\",\"v\":1}\n");
  EXPECT_EQ(told.counts.broken, 9u);
  EXPECT_EQ(told.records.size(), 2u);
}

TEST_F(CopilotChatLogTest, AFirstLineMayBeAsLongAsItLikes) {
  std::string requests = request("first");
  for (int i = 0; i < 30; ++i)
    requests += "," + request("q", R"(,"followups":[")" + std::string(300000, 'x') + "\"]");
  const Told told = read_log(session(requests));
  EXPECT_TRUE(told.result.ok());
  EXPECT_EQ(told.records.size(), 62u);
  EXPECT_EQ(told.counts.cut, 0u);
}

TEST_F(CopilotChatLogTest, AGiantRequestIsCut) {
  std::string log = session(request("a"));
  for (int i = 0; i < 4; ++i)
    log += R"({"kind":2,"k":["requests",0,"response"],"v":[{"value":")" + std::string(600000, 'x') +
           "\"}]}\n";
  const Told told = read_log(log);
  EXPECT_EQ(told.counts.cut, 1u);
  EXPECT_EQ(told.records.at(1)["text"].size(), 4 * ((64u << 10) + kCutMark.size()));
}

TEST_F(CopilotChatLogTest, ASessionThatIsTooLargeIsRefused) {
  std::string log = session();
  const std::string change =
      R"({"kind":2,"k":["requests"],"v":[)" + request(std::string(400000, 'x')) + "]}\n";
  for (int i = 0; i < 70; ++i) log += change;  // twice 400 kB each
  const Told told = read_log(log);
  ASSERT_FALSE(told.result.ok());
  EXPECT_EQ(told.result.error().code, base::Errc::corrupt);
  EXPECT_NE(told.result.error().what.find("too large"), std::string::npos);
  EXPECT_TRUE(told.records.empty());
}

TEST_F(CopilotChatLogTest, WhatDoesNotBeginWithASessionIsCorrupt) {
  for (const char* log : {"", "[]", "{\"kind\":1,\"k\":[\"x\"],\"v\":1}\n",
                          "{\"kind\":0,\"v\":{\"req", "{\"kind\":\"0\",\"v\":{}}", "{}"})
    EXPECT_EQ(read_log(log).result.error().code, base::Errc::corrupt) << log;
  EXPECT_TRUE(read_log("{\"kind\":0,\"v\":{}}").result.ok());
  EXPECT_EQ(read<CopilotChatLogReader>("/none.jsonl").result.error().code, base::Errc::not_found);
  EXPECT_EQ(read<CopilotChatLogReader>(write("s.jsonl", session()), true).result.error().code,
            base::Errc::cancelled);
}

}  // namespace
}  // namespace agents
