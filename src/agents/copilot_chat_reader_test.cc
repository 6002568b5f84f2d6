#include "copilot_chat_reader.h"

#include "agents/token_estimate.h"
#include "document_test_support.h"

namespace agents {
namespace {

using Kind = Record::Kind;
using Fields = std::map<std::string, std::string>;

class CopilotChatTest : public DocumentTest {
 protected:
  Told read_session(const std::string& json) {
    return read<CopilotChatReader>(write("3b36.json", json));
  }
  std::vector<ToldRecord> requests(const std::string& requests) {
    const Told told = read_session(R"({"version":3,"requests":[)" + requests + "]}");
    EXPECT_TRUE(told.result.ok());
    return told.records;
  }
  /// What a request with this answer comes to, without its question.
  std::vector<ToldRecord> answer(const std::string& parts, const std::string& more = "") {
    auto told = requests(R"({"requestId":"r","timestamp":1764547200000,"response":[)" + parts +
                         "]" + more + "}");
    EXPECT_FALSE(told.empty());
    told.erase(told.begin());
    return told;
  }
  std::string answer_text(const std::string& parts) { return answer(parts).back()["text"]; }
  std::vector<std::string> files(const std::string& value) {
    std::vector<std::string> files;
    for (const ToldRecord& told :
         requests(R"({"variableData":{"variables":[{"value":)" + value + "}]}}"))
      if (told.kind == Kind::file_read)
        files.push_back(told["id"] + " " + told.data.at("filePath"));
    return files;
  }
};

constexpr std::string_view kSession =
    R"({"version":3,"requesterUsername":"ana","responderUsername":"GitHub Copilot",)"
    R"("initialLocation":"panel","requests":[{"requestId":"rq-7","responseId":"rs-7",)"
    R"("timestamp":1764547200000,"modelId":"copilot/some-model","isCanceled":false,)"
    R"("message":{"text":"sort these lines","parts":[{"text":"sort these lines","kind":"text"}]},)"
    R"("variableData":{"variables":[{"id":"v1","name":"list.txt","kind":"file",)"
    R"("automaticallyAdded":true,"value":{"$mid":1,"fsPath":"/w/list.txt","scheme":"file"}}]},)"
    R"("response":[{"kind":"thinking","value":[],"id":"opaque"},{"value":["alpha","beta"]},)"
    R"({"kind":"toolInvocationSerialized","toolId":"copilot_readFile","toolCallId":"c1",)"
    R"("isComplete":true,"invocationMessage":"Reading list","pastTenseMessage":)"
    R"({"text":"Read list"},)"
    R"("source":{"type":"internal","label":"Built-In"}},)"
    R"({"kind":"codeblockUri","uri":{"path":"/w/out.txt"}},)"
    R"({"kind":"textEditGroup","edits":[[{"text":"x"}],[]]},{"kind":null,"value":" done"},)"
    R"({"kind":"progressTaskSerialized","content":{"value":["a","b"]}}]}]})";

TEST_F(CopilotChatTest, ARequestIsAQuestionWhatWasDoneAndAnAnswer) {
  write("workspaceStorage/9c0ffee0/workspace.json", R"({"folder":"file:///w/my%20shop"})");
  const Told told =
      read<CopilotChatReader>(write("workspaceStorage/9c0ffee0/chatSessions/7d1d.json", kSession));
  ASSERT_TRUE(told.result.ok());
  const auto& records = told.records;
  ASSERT_EQ(records.size(), 6u);
  for (const ToldRecord& record : records) EXPECT_EQ(record["session"], "7d1d");

  EXPECT_EQ(records[0].kind, Kind::prompt);
  EXPECT_EQ(records[0]["id"], "rq-7:request");
  EXPECT_EQ(records[0]["at"], "2025-12-01T00:00:00.000Z");
  EXPECT_EQ(records[0]["text"], "sort these lines");
  EXPECT_EQ(records[0].data, (Fields{{"requestId", "rq-7"}, {"modelId", "copilot/some-model"}}));
  EXPECT_EQ(records[0].context, (Fields{{"username", "ana"},
                                        {"location", "panel"},
                                        {"variablesCount", "1"},
                                        {"workspaceId", "9c0ffee0"},
                                        {"workspacePath", "/w/my shop"}}));
  EXPECT_EQ(records[1].kind, Kind::file_read);
  EXPECT_EQ(records[1]["id"], "rq-7:variable:0");
  EXPECT_EQ(records[1]["at"], "2025-12-01T00:00:00.000Z");
  EXPECT_EQ(records[1].data, (Fields{{"requestId", "rq-7"},
                                     {"filePath", "/w/list.txt"},
                                     {"variableId", "v1"},
                                     {"variableName", "list.txt"},
                                     {"kind", "file"},
                                     {"automatic", "true"}}));
  EXPECT_TRUE(records[1].context.empty());
  EXPECT_EQ(records[2].kind, Kind::tool_call);
  EXPECT_EQ(records[2]["id"], "rq-7:part:2");
  EXPECT_EQ(records[2]["at"], "2025-12-01T00:00:00.100Z");
  EXPECT_EQ(records[2].data, (Fields{{"requestId", "rq-7"},
                                     {"toolId", "copilot_readFile"},
                                     {"toolName", ""},
                                     {"toolCallId", "c1"},
                                     {"isComplete", "true"},
                                     {"invocationMessage", "Reading list"},
                                     {"result", "Read list"},
                                     {"source", "Built-In"}}));
  EXPECT_EQ(records[2]["tool"], "");
  EXPECT_EQ(records[3].kind, Kind::file_read);
  EXPECT_EQ(records[3]["at"], "2025-12-01T00:00:00.150Z");
  EXPECT_EQ(records[3].data,
            (Fields{{"requestId", "rq-7"}, {"filePath", "/w/out.txt"}, {"source", "codeblock"}}));
  EXPECT_EQ(records[4].kind, Kind::file_modify);
  EXPECT_EQ(records[4]["at"], "2025-12-01T00:00:00.250Z");
  EXPECT_EQ(records[4].data, (Fields{{"requestId", "rq-7"}, {"editCount", "2"}}));
  EXPECT_EQ(records[5].kind, Kind::response);
  EXPECT_EQ(records[5]["id"], "rq-7:response");
  EXPECT_EQ(records[5]["at"], "2025-12-01T00:00:01.000Z");
  EXPECT_EQ(records[5]["text"], "alpha\nbeta done");
  EXPECT_EQ(estimate_tokens(records[5]["text"]), 3);
  EXPECT_EQ(records[5].data, (Fields{{"requestId", "rq-7"}, {"responseId", "rs-7"}}));
  EXPECT_FALSE(records[5].usage);
}

TEST_F(CopilotChatTest, WhatStandsBehindTheRequestsIsKnownBefore) {
  const Told told =
      read_session(R"({"requests":[{"message":{"text":"a"}}],"initialLocation":"editor",)"
                   R"("requesterUsername":"b"})");
  EXPECT_EQ(told.records.at(0).context.at("location"), "editor");
  EXPECT_EQ(told.records.at(0).context.at("username"), "b");
  EXPECT_EQ(told.records.at(0)["id"], "request-0:request");
  EXPECT_EQ(told.records.at(0)["at"], "");
}

TEST_F(CopilotChatTest, TheSessionIsTheNameOfTheFile) {
  EXPECT_EQ(read<CopilotChatReader>(write("session", kSession)).records.at(0)["session"],
            "session");
  EXPECT_EQ(ChatSession::of("/p/3b36.json", ".json").id, "3b36");
}

TEST_F(CopilotChatTest, TheWorkspaceIsTheFolderBehindWorkspaceStorage) {
  const auto workspace = [](const std::string& path) {
    return ChatSession::of(path, ".json").workspace_id;
  };
  EXPECT_EQ(workspace("C:/Users/x/Code/User/workspaceStorage/h1/chatSessions/s.json"), "h1");
  EXPECT_EQ(workspace("/x/my-workspaceStorage/h0/workspaceStorage/h1/s.json"), "h1");
  EXPECT_EQ(workspace("/x/workspaceStorage"), "");
  EXPECT_EQ(workspace("/x/s.json"), "");
}

TEST_F(CopilotChatTest, D19_TheFolderOfAWorkspaceIsKnownWhenItsFileNamesIt) {
  const auto folder = [this](const std::string& json) {
    write("workspaceStorage/h/workspace.json", json);
    return ChatSession::of((folder_ / "workspaceStorage/h/chatSessions/s.json").string(), ".json")
        .workspace_path;
  };
  EXPECT_EQ(folder(R"({"folder":"file:///home/dev/shop"})"), "/home/dev/shop");
  EXPECT_EQ(folder(R"({"folder":"file:///c%3A/w"})"), "c:/w");
  EXPECT_EQ(folder(R"({"workspace":"file:///w/all.code-workspace"})"), "/w/all.code-workspace");
  EXPECT_EQ(folder(R"({"folder":"vscode-remote://ssh/w"})"), "/w");
  EXPECT_EQ(folder("no json"), "");
}

TEST_F(CopilotChatTest, OfACancelledRequestNothingIsTold) {
  const auto told = requests(R"({"requestId":"a","isCanceled":true},)"
                             R"({"requestId":"b","modelState":{"value":2}},{"requestId":"c"})");
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0]["id"], "c:request");
}

TEST_F(CopilotChatTest, OfARequestThatGoesOnTheQuestionIsTold) {
  for (const char* state : {"0", "4"})
    EXPECT_EQ(requests(std::string(R"({"requestId":"a","modelState":{"value":)") + state +
                       R"(},"response":[{"value":"x"}]})")
                  .size(),
              1u);
  for (const char* state : {"{\"value\":1}", "{\"value\":3}", "{}", "null"})
    EXPECT_EQ(requests(std::string(R"({"modelState":)") + state + "}").size(), 2u) << state;
}

TEST_F(CopilotChatTest, PartsWithoutAKindAreTheAnswer) {
  EXPECT_EQ(answer_text(R"({"value":"hi"})"), "hi");
  EXPECT_EQ(answer_text(R"({"value":["a","b"]})"), "a\nb");
  EXPECT_EQ(answer_text(R"({"value":["a"]})"), "a");
  EXPECT_EQ(answer_text(R"({"value":["a",null,7,"b"]})"), "a\n\nb");
  for (const char* value : {"[]", "null", "\"\"", "7", "true", "{}"})
    EXPECT_EQ(answer_text(std::string(R"({"value":)") + value + "}"), "") << value;
  EXPECT_EQ(answer_text(R"({"kind":"","value":"x"},{"kind":"thinking","value":"x"},7,{},)"
                        R"({"kind":5,"value":"x"},{"value":"a"},{"value":"b"})"),
            "ab");
}

TEST_F(CopilotChatTest, D20_AToolsMessagesAreTexts) {
  const auto message = [this](const std::string& json) {
    const auto told =
        answer(R"({"kind":"toolInvocationSerialized","invocationMessage":)" + json + "}");
    return told.at(0).data.at("invocationMessage");
  };
  EXPECT_EQ(message(R"("a")"), "a");
  EXPECT_EQ(message(R"({"text":"a","value":"b"})"), "a");
  EXPECT_EQ(message(R"({"value":"b"})"), "b");
  EXPECT_EQ(message(R"({"x":1})"), R"({"x":1})");
  EXPECT_EQ(message("null"), "");
  EXPECT_EQ(message("[1]"), "[1]");
  const auto without = answer(R"({"kind":"toolInvocationSerialized"})").at(0).data;
  EXPECT_EQ(without.count("invocationMessage") + without.count("result") + without.count("source"),
            0u);
}

TEST_F(CopilotChatTest, AToolsInputIsToldWhereItIsKnown) {
  const auto input = [this](const std::string& members) {
    return answer(R"({"kind":"toolInvocationSerialized",)" + members + "}").at(0).data["toolInput"];
  };
  EXPECT_EQ(input(R"("toolSpecificData":{"kind":"terminal","commandLine":{"original":"ls"}})"),
            R"(json:{"command":"ls"})");
  EXPECT_EQ(input(R"("toolSpecificData":{"command":"ls"})"), R"(json:{"command":"ls"})");
  EXPECT_EQ(input(R"("toolSpecificData":{"rawInput":{"q":[1]}})"), R"(json:{"q":[1]})");
  EXPECT_EQ(input(R"("resultDetails":{"input":"{}"})"), R"(json:"{}")");
  EXPECT_EQ(input(R"("toolSpecificData":{})"), "");
}

TEST_F(CopilotChatTest, EditsNameTheirFileWhereItIsKnown) {
  const auto told = answer(R"({"kind":"textEditGroup","uri":{"path":"/w/a"},"edits":7},)"
                           R"({"kind":"codeblockUri","uri":{}},{"kind":"codeblockUri"})");
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].data, (Fields{{"requestId", "r"}, {"editCount", "0"}, {"filePath", "/w/a"}}));
}

TEST_F(CopilotChatTest, D21_AVariableIsAFileWhenItHasAPath) {
  using Files = std::vector<std::string>;
  EXPECT_EQ(files(R"({"path":"/a","fsPath":"/b"})"), Files{"request-0:variable:0 /a"});
  EXPECT_EQ(files(R"({"fsPath":"/b"})"), Files{"request-0:variable:0 /b"});
  EXPECT_EQ(files(R"({"uri":{"path":"/c"},"range":{}})"), Files{"request-0:variable:0 /c"});
  EXPECT_EQ(files(R"("/d")"), Files{"request-0:variable:0 /d"});
  EXPECT_EQ(files(R"("file:///e%20f")"), Files{"request-0:variable:0 /e f"});
  EXPECT_EQ(files(R"("c:\\g")"), Files{"request-0:variable:0 c:\\g"});
  EXPECT_EQ(files(R"("git://x/y")"), Files{"request-0:variable:0 git://x/y"});
  EXPECT_EQ(files(R"(["/h",7,{"path":"/i"}])"),
            (Files{"request-0:variable:0.0 /h", "request-0:variable:0.2 /i"}));
  for (const char* value : {"\"some text\"", "\"/a\\nb\"", "null", "7", "{}", "[]", "\"file://x\""})
    EXPECT_TRUE(files(value).empty()) << value;
}

TEST_F(CopilotChatTest, TokensThatWereCountedAreTold) {
  const ToldRecord counted =
      answer("",
             R"(,"result":{"metadata":{"promptTokens":7,"outputTokens":2,"resolvedModel":"m"}})")
          .back();
  EXPECT_EQ(counted.usage->input, 7);
  EXPECT_EQ(counted.usage->output, 2);
  EXPECT_EQ(counted["model"], "m");
  const ToldRecord other =
      answer("", R"(,"promptTokens":3,"completionTokens":1,"modelId":"n")").back();
  EXPECT_EQ(other.usage->input, 3);
  EXPECT_EQ(other["model"], "n");
}

TEST_F(CopilotChatTest, FieldsOfAnotherTypeSayNothing) {
  const auto told = requests(
      R"({"requestId":7,"timestamp":[],"modelId":{},"message":"x","response":{},"variableData":[],)"
      R"("result":3,"modelState":5,"isCanceled":"yes"},)"
      R"({"variableData":{"variables":{}},"response":[{"kind":"toolInvocationSerialized",)"
      R"("toolSpecificData":7,"source":7}]})");
  EXPECT_EQ(told.size(), 5u);
}

TEST_F(CopilotChatTest, ABrokenRequestIsCountedAndTheOthersTold) {
  const Told told =
      read_session("{\"requests\":[7,{\"requestId\":\"a\",},{\"requestId\":\"b\xff\"}]}");
  EXPECT_TRUE(told.result.ok());
  EXPECT_EQ(told.counts.lines, 3u);
  EXPECT_EQ(told.counts.broken, 2u);
  EXPECT_EQ(told.records.size(), 2u);
}

TEST_F(CopilotChatTest, AGiantRequestIsCut) {
  const Told told = read_session(R"({"requests":[{"requestId":"a","message":{"text":")" +
                                 std::string(3 << 20, 'x') + R"("}}]})");
  EXPECT_EQ(told.counts.cut, 1u);
  EXPECT_TRUE(told.records.at(0).is_cut);
  EXPECT_TRUE(told.records.at(0)["text"].ends_with(kCutMark));
}

TEST_F(CopilotChatTest, WhatIsNoSessionIsCorruptAndWhatWasToldBeforeStands) {
  for (const char* json :
       {"", "[]", "{}", "{\"requests\":{}}", "{\"requests\":[]} x", "{\"requests\""})
    EXPECT_EQ(read_session(json).result.error().code, base::Errc::corrupt) << json;
  const Told torn = read_session(R"({"requests":[{"requestId":"a"},{"requ)");
  EXPECT_EQ(torn.result.error().what,
            "failed to parse chat session JSON: unexpected end of JSON input");
  EXPECT_EQ(torn.records.size(), 2u);
  EXPECT_TRUE(read_session("{\"requests\":[]}\n").result.ok());
}

TEST_F(CopilotChatTest, AFileThatCannotBeReadIsAnError) {
  const Told told = read<CopilotChatReader>((folder_ / "none.json").string());
  EXPECT_EQ(told.result.error().code, base::Errc::not_found);
  EXPECT_TRUE(told.result.error().what.starts_with("failed to read chat session file: "));
  EXPECT_EQ(read<CopilotChatReader>(folder_.string()).result.error().code, base::Errc::unavailable);
}

TEST_F(CopilotChatTest, ItStopsWhenItIsTold) {
  const Told told = read<CopilotChatReader>(write("s.json", kSession), true);
  EXPECT_EQ(told.result.error().code, base::Errc::cancelled);
}

}  // namespace
}  // namespace agents
