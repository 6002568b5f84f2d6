#include "collector/event_mapping.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <set>

#include "agents/line_splitter.h"
#include "agents/locations.h"
#include "base/json_reader.h"
#include "test_executor.h"

namespace collector {
namespace {

using agents::Agent;
using agents::Format;
using agents::Record;

class EventMappingTest : public testing::Test {
 protected:
  EventMapping mapping(Agent agent, Format format, std::int64_t project = 1) const {
    return EventMapping({agent, format, std::to_string(project), project}, clock);
  }
  /// What becomes of the lines of a log.
  std::vector<AgentEvent> read(const EventMapping& mapping, Format format,
                               const std::string& text) const {
    std::vector<AgentEvent> events;
    const auto sink = [&](const Record& record) {
      if (auto event = mapping.map(record)) events.push_back(std::move(*event));
    };
    const auto reader = agents::make_line_reader(format, "/w/log.jsonl", {});
    agents::LineSplitter lines;
    agents::Line line;
    lines.feed(text);
    while (lines.next(line)) reader->read(line, sink);
    reader->settle(sink);
    return events;
  }
  std::vector<AgentEvent> read_document(const EventMapping& mapping, Format format,
                                        const std::string& path) const {
    std::vector<AgentEvent> events;
    const auto sink = [&](const Record& record) {
      if (auto event = mapping.map(record)) events.push_back(std::move(*event));
    };
    const std::atomic<bool> stopping{false};
    const auto reader = agents::make_document_reader(format, {});
    const auto done = reader->read(path, sink, stopping);
    EXPECT_TRUE(done.ok());
    return events;
  }

  support::TemporaryFolder folder;
  support::FakeClock clock;
};

constexpr const char* kChat = R"({"version":3,"requesterUsername":"ana","initialLocation":"panel",
"requests":[{"requestId":"rq-7","responseId":"rs-7","timestamp":1764547200000,"modelId":"copilot/m",
"message":{"text":"sort these lines"},"variableData":{"variables":[{"id":"v1","name":"list.txt",
"kind":"file","automaticallyAdded":true,"value":{"fsPath":"/w/list.txt"}}]},"response":[
{"kind":"thinking","value":[],"id":"opaque"},{"value":["alpha","beta"]},
{"kind":"toolInvocationSerialized","toolId":"copilot_readFile","toolCallId":"c1","isComplete":true,
"invocationMessage":"Reading list","pastTenseMessage":{"text":"Read list"},
"source":{"type":"internal","label":"Built-In"}},{"kind":"codeblockUri","uri":{"path":"/w/out.txt"}},
{"kind":"textEditGroup","edits":[[{"text":"x"}],[]]},{"kind":null,"value":" done"}]}]})";

TEST_F(EventMappingTest, Vector5_AChatBecomesTheContractsSixEvents) {
  const std::string path = folder / "3b36.json";
  std::ofstream(path) << kChat;
  const auto events =
      read_document(mapping(Agent::copilot, Format::copilot_chat, 12), Format::copilot_chat, path);
  std::vector<std::string> told;
  const base::Time begin = events.at(0).timestamp;
  for (const AgentEvent& event : events) {
    EXPECT_EQ(event.project_id, 12);
    EXPECT_EQ(event.agent_id, "github-copilot");
    EXPECT_EQ(event.agent_version, "1.0.0");
    told.push_back(event.event_type + " " + std::to_string((event.timestamp - begin).count()));
  }
  EXPECT_EQ(told,
            (std::vector<std::string>{"llm_request 0", "file_read 0", "tool_use 100",
                                      "file_read 150", "file_modify 250", "llm_response 1000"}));
  base::json::Document document;
  const auto request = document.parse(to_json(events.front()));
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->find("data")->find("promptLength")->to_int(), 16);
  EXPECT_EQ(request->find("metrics")->find("promptTokens")->to_int(), 3);
  EXPECT_EQ(request->find("context")->find("username")->text(), "ana");
}

TEST_F(EventMappingTest, Vector1_ASnapshotIsKnownByWhatItHolds) {
  EXPECT_EQ(agents::detect(R"({"version":3,"requesterUsername":"t","requests":[{}]})"),
            Format::copilot_chat);
  std::set<std::string_view> names;
  for (const Agent agent : agents::agents_in_order())
    EXPECT_TRUE(names.insert(agents::adapter_name(agent)).second) << agents::adapter_name(agent);
  EXPECT_TRUE(names.contains("github-copilot"));
}

TEST_F(EventMappingTest, Vector2_TheWorkspaceIsTheFolderBehindWorkspaceStorage) {
  EXPECT_EQ(agents::workspace_hash("C:/Users/x/AppData/Roaming/Code/User/workspaceStorage/h1/"
                                   "chatSessions/s.json"),
            "h1");
  EXPECT_EQ(agents::workspace_hash("/home/x/.config/Code/User/workspaceStorage"), "");
}

TEST_F(EventMappingTest, Vector3_TheSessionIsTheNameOfTheFile) {
  const EventMapping chats = mapping(Agent::copilot, Format::copilot_chat);
  for (const auto& [file, session] : {std::pair{"3b36.json", "3b36"}, {"session", "session"}}) {
    std::ofstream(folder / file) << kChat;
    const auto events = read_document(chats, Format::copilot_chat, folder / file);
    ASSERT_FALSE(events.empty());
    EXPECT_NE(events[0].context.find(std::string("\"nativeSessionId\":\"") + session + '"'),
              std::string::npos);
  }
}

TEST_F(EventMappingTest, Vector4_AValueIsATextOrTheTextsOfAList) {
  const EventMapping chats = mapping(Agent::copilot, Format::copilot_chat);
  for (const auto& [value, text] : {std::pair{R"("hi")", "hi"},
                                    {R"(["a","b"])", "a\\nb"},
                                    {R"(["a"])", "a"},
                                    {"[]", ""},
                                    {"null", ""},
                                    {R"("")", ""}}) {
    std::ofstream(folder / "v.json")
        << R"({"version":3,"requests":[{"requestId":"r","responseId":"s","response":[{"value":)"
        << value << "}]}]}";
    const auto events = read_document(chats, Format::copilot_chat, folder / "v.json");
    ASSERT_EQ(events.size(), 2u) << value;
    EXPECT_NE(events[1].data.find(std::string("\"response\":\"") + text + '"'), std::string::npos)
        << events[1].data;
  }
}

TEST_F(EventMappingTest, Vector6_OfACancelledRequestNothingIsTold) {
  std::ofstream(folder / "c.json")
      << R"({"version":3,"requests":[{"requestId":"a","isCanceled":true},{"requestId":"b"}]})";
  const auto events = read_document(mapping(Agent::copilot, Format::copilot_chat),
                                    Format::copilot_chat, folder / "c.json");
  ASSERT_EQ(events.size(), 2u);
  for (const AgentEvent& event : events)
    EXPECT_NE(event.data.find(R"("requestId":"b")"), std::string::npos);
}

TEST_F(EventMappingTest, Vector7_LinesAreWhatTheContractListsForThem) {
  const auto types = [&](Agent agent, Format format, const std::string& text) {
    std::string all;
    for (const AgentEvent& event : read(mapping(agent, format), format, text))
      all += event.event_type + ' ';
    return all;
  };
  EXPECT_EQ(types(Agent::claude_code, Format::claude_log,
                  "{\"type\":\"prompt\",\"conversation_id\":\"k\",\"prompt\":\"hi\"}\n"
                  "{\"message\":\"Model response received\",\"response\":\"hey\"}\n"
                  "{\"tool_name\":\"grep\",\"tool_input\":{\"q\":\"a\"}}\n"
                  "{\"file_path\":\"/w/a.c\",\"action\":\"write\"}\n"
                  "{\"level\":\"debug\",\"message\":\"Starting service\"}\n"),
            "llm_request llm_response tool_use file_write ");
  EXPECT_EQ(types(Agent::cursor, Format::cursor_log,
                  "{\"type\":\"completion_request\",\"session_id\":\"s\",\"prompt\":\"hi\"}\n"
                  "{\"type\":\"completion\",\"conversation_id\":\"k\",\"response\":\"hey\"}\n"
                  "{\"tool\":\"search\",\"tool_args\":{\"q\":\"x\"}}\n"
                  "[2025-12-01 00:00:02] INFO Cursor AI completion requested\n"
                  "[2025-12-01 00:00:03] DEBUG System startup\n"),
            "llm_request llm_response tool_use user_interaction ");
}

TEST_F(EventMappingTest, Vector8_ANumberIsATimeAndWhatIsNoneIsNow) {
  const EventMapping claude = mapping(Agent::claude_code, Format::claude_log);
  const auto time_of = [&](const std::string& timestamp) {
    const auto events =
        read(claude, Format::claude_log, "{\"timestamp\":" + timestamp + ",\"prompt\":\"hi\"}\n");
    return events.at(0).timestamp;
  };
  EXPECT_EQ(time_of("1730372400"), base::Time(std::chrono::seconds{1730372400}));
  EXPECT_EQ(time_of("\"invalid\""), clock.now());
}

TEST_F(EventMappingTest, D37_TwoChatsThatAreReadAtATimeKeepTheirNames) {
  std::ofstream(folder / "one.json") << kChat;
  std::ofstream(folder / "two.json") << kChat;
  const EventMapping chats = mapping(Agent::copilot, Format::copilot_chat);
  std::vector<std::string> sessions;
  const auto outer = agents::make_document_reader(Format::copilot_chat, {});
  const std::atomic<bool> stopping{false};
  bool has_begun = false;
  const auto sink = [&](const Record& record) {
    sessions.emplace_back(record.session_id);
    if (std::exchange(has_begun, true)) return;
    (void)read_document(chats, Format::copilot_chat, folder / "two.json");
  };
  ASSERT_TRUE(outer->read(folder / "one.json", sink, stopping).ok());
  EXPECT_EQ(sessions, std::vector<std::string>(6, "one"));
}

TEST_F(EventMappingTest, D18_ASessionThatIsNoUuidBecomesOneAndKeepsItsName) {
  const auto events = read(mapping(Agent::claude_code, Format::claude_log), Format::claude_log,
                           "{\"type\":\"prompt\",\"conversation_id\":\"k-1\",\"prompt\":\"hi\"}\n");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].session_id.size(), 36u);
  EXPECT_NE(events[0].context.find(R"("nativeSessionId":"k-1")"), std::string::npos);
  EXPECT_EQ(events[0].project_id, 1);
  EXPECT_EQ(events[0].agent_version, "1.0.0");
}

TEST_F(EventMappingTest, D35_ALineOfTextCarriesTheNamesOfItsPlace) {
  EventMapping cursor = mapping(Agent::cursor, Format::cursor_log);
  Place place;
  place.project_id = 7;
  place.project_name = "acme/parser";
  place.machine_name = "build-box";
  cursor.set_place(place);
  const auto events = read(cursor, Format::cursor_log,
                           "[2025-12-01 00:00:02] INFO Cursor AI completion requested\n");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].event_type, "user_interaction");
  EXPECT_EQ(events[0].project_id, 7);
  EXPECT_NE(events[0].context.find(R"("projectName":"acme/parser")"), std::string::npos);
  EXPECT_NE(events[0].context.find(R"("machineName":"build-box")"), std::string::npos);
}

TEST_F(EventMappingTest, Vector9_AnEntryWithoutIdsHasAUuidForASession) {
  const auto events = read(mapping(Agent::cursor, Format::cursor_log), Format::cursor_log,
                           "{\"tool\":\"search\",\"tool_args\":{\"q\":\"x\"}}\n");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].session_id.size(), 36u);
}

TEST_F(EventMappingTest, D02_WhatAForkRepeatsHasTheSameId) {
  const auto line = [](const std::string& session) {
    return R"({"type":"user","uuid":"u-1","sessionId":")" + session +
           R"(","timestamp":"2026-03-01T10:00:00Z","message":{"role":"user","content":"hi"}})"
           "\n";
  };
  const EventMapping claude = mapping(Agent::claude_code, Format::claude_code);
  const auto first = read(claude, Format::claude_code, line("s-1"));
  const auto again = read(claude, Format::claude_code, line("s-2"));
  ASSERT_FALSE(first.empty());
  EXPECT_EQ(first.back().event_type, "llm_request");
  EXPECT_EQ(first.back().id, again.back().id);
}

TEST_F(EventMappingTest, AFolderTellsThePlaceUnlessTheLogDoes) {
  const Place parser{12, 3, 41, "acme/parser", "box"};
  const std::string line =
      R"({"type":"user","uuid":"u","sessionId":"s","cwd":"/w","message":{"role":"user","content":"hi"}})"
      "\n";
  EventMapping claude = mapping(Agent::claude_code, Format::claude_code, 5);
  AgentEvent event = read(claude, Format::claude_code, line).back();
  claude.settle(event, Place{});
  EXPECT_EQ(event.project_id, 5);
  claude.settle(event, parser);
  EXPECT_EQ(event.project_id, 12);
  EXPECT_EQ(event.machine_id, 3);
  EXPECT_EQ(event.workspace_id, 41);
  base::json::Document document;
  const auto json = document.parse(to_json(event));
  ASSERT_TRUE(json.ok());
  const auto context = json->find("context");
  EXPECT_EQ(context->find("workingDirectory")->text(), "/w");
  EXPECT_EQ(context->find("projectName")->text(), "acme/parser");
  EXPECT_EQ(context->find("machineName")->text(), "box");

  claude.set_place({7, 1, 1, "log", "box"});
  event = read(claude, Format::claude_code, line).back();
  claude.settle(event, parser);
  EXPECT_EQ(event.project_id, 7);
}

}  // namespace
}  // namespace collector
