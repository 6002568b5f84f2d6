// A document that is read while its agent writes it, cut at any byte: what is told of it is told as
// of the whole, and nothing else is.
#include <filesystem>
#include <map>
#include <set>

#include "agents/formats.h"
#include "document_test_support.h"

namespace agents {
namespace {

namespace fs = std::filesystem;
using Writing = DocumentReader::Writing;
using ById = std::map<std::string, std::string>;

struct Sample {
  std::string name;
  Format format;
  std::string path;                          // what is read
  std::map<std::string, std::string> files;  // all of them
  std::string grows;                         // the one that is cut
};

void PrintTo(const Sample& sample, std::ostream* out) { *out << sample.name; }

const std::string kRequest =
    R"({"requestId":"r1","responseId":"a1","timestamp":1764547200000,"modelId":"m",)"
    R"("message":{"text":"größer \"試験\" \u00fc\n"},"variableData":{"variables":[)"
    R"({"id":"v1","name":"a","value":{"path":"/w/a.cc"}},{"id":"v2","value":"no path"}]},)"
    R"("response":[{"value":"so"},{"kind":"toolInvocationSerialized","toolId":"t","toolCallId":)"
    R"("c1","pastTenseMessage":"read","isComplete":true},{"value":" so"}],)"
    R"("result":{"metadata":{"promptTokens":1200,"outputTokens":34}},"modelState":{"value":1}})";
const std::string kSecond =
    R"({"requestId":"r2","timestamp":1764547300000,"message":{"text":"next"},"response":[]})";

std::string chat(const std::string& before, const std::string& behind) {
  return "{\"version\":3," + before + "\"requests\":[" + kRequest + ", " + kSecond + "]" + behind +
         "}\n";
}

std::string chat_log() {
  return R"({"kind":0,"v":{"version":3,"requesterUsername":"ana","initialLocation":"panel",)"
         R"("requests":[)" +
         kSecond + "]}}\n" +
         R"({"kind":2,"k":["requests"],"v":[{"requestId":"r3","timestamp":1764547400000,)"
         R"("message":{"text":"more"},"response":[],"modelState":{"value":0}}]})"
         "\n"
         R"({"kind":2,"k":["requests",1,"response"],"v":[{"value":"half"}]})"
         "\n"
         R"({"kind":2,"k":["requests",1,"response"],"v":[{"value":"half and whole"}],"i":0})"
         "\n"
         R"({"kind":1,"k":["requests",1,"modelState"],"v":{"value":1}})"
         "\n";
}

const std::string kTokens = R"("tokens":{"input":100,"output":20,"cached":3},"model":"g",)";
const std::string kCalls =
    R"("toolCalls":[{"id":"t1","name":"read_file","args":{"file_path":"/w/ä"},"status":"success",)"
    R"("result":[{"functionResponse":{"response":{"output":"naïve"}}}]}])";

std::string gemini_document() {
  return R"({"sessionId":"5e55","projectHash":"h","startTime":"2026-01-10T08:00:00Z","messages":[)"
         R"({"id":"m1","type":"user","content":[{"text":"fix \u0022it\u0022"}]},)"
         R"({"id":"m2","type":"gemini","content":"試験",)" +
         kTokens + kCalls + R"(},{"id":"m3","type":"error","content":"quota"}],)" +
         R"("directories":["/w/first"]})";
}

std::string gemini_log() {
  const std::string answer = R"({"id":"m2","type":"gemini","timestamp":"2026-01-10T08:00:02Z",)";
  return R"({"sessionId":"5e55","projectHash":"h","startTime":"2026-01-10T08:00:00Z",)"
         R"("directories":["/w/first"]})"
         "\n"
         R"({"id":"m1","type":"user","content":"größer"})"
         "\n" +
         answer + "\"content\":\"\"}\n" + answer + R"("content":"so",)" + kTokens +
         R"("toolCalls":[{"id":"t1","name":"read_file","args":{},"status":"executing"}]})"
         "\n" +
         answer + R"("content":"so",)" + kTokens + kCalls + "}\n" +
         R"({"$set":{"summary":"s"}})"
         "\n"
         R"({"id":"m3","type":"user","content":"thanks"})";
}

const std::string kTranscript =
    "user:\n<user_query>\nmake it größer\n</user_query>\n\nassistant:\nuser: is no heading\n"
    "assistant\n[Tool call] read_file\n  path: /w/a\n[Tool result]\nuser\n\nassistant:\ndone\n"
    "\nand done\n";

std::vector<Sample> samples() {
  const std::string chats = "tmp/p/chats/", storage = "storage/";
  const std::string message = storage + "message/ses_1/msg_1.json",
                    part = storage + "part/msg_1/prt_1.json",
                    session = storage + "session/p/ses_1.json";
  const std::map<std::string, std::string> opencode = {
      {session, R"({"id":"ses_1","directory":"/w","time":{"created":1764547200000}})"},
      {message, R"({"role":"assistant","time":{"created":1764547200000,"completed":1764547201000},)"
                R"("tokens":{"input":10,"output":4}})"},
      {part, R"({"type":"text","text":"größer \"it\""})"},
      {storage + "part/msg_1/prt_2.json",
       R"({"type":"tool","callID":"c1","tool":"bash","state":{"status":"completed"}})"},
  };
  const auto one = [](const char* name, Format format, const std::string& path,
                      const std::string& text) {
    return Sample{name, format, path, {{path, text}}, path};
  };
  const std::string names = R"("requesterUsername":"ana","initialLocation":"panel")";
  return {
      one("CopilotChat", Format::copilot_chat, "c1.json", chat(names + ",", "")),
      one("CopilotChatWithItsNamesBehind", Format::copilot_chat, "c2.json", chat("", "," + names)),
      one("CopilotChatWithoutNames", Format::copilot_chat, "c3.json", chat("", "")),
      one("CopilotChatLog", Format::copilot_chat_log, "c4.jsonl", chat_log()),
      one("CursorText", Format::cursor_text, "s/agent-transcripts/t.txt", kTranscript),
      one("GeminiChat", Format::gemini_chat, chats + "s.json", gemini_document()),
      one("GeminiChatLog", Format::gemini_chat_log, chats + "s.jsonl", gemini_log()),
      {"OpencodeSession", Format::opencode_session, session, opencode, session},
      {"OpencodeMessage", Format::opencode_session, session, opencode, message},
      {"OpencodePart", Format::opencode_session, session, opencode, part},
  };
}

class GrowingDocument : public DocumentTest, public testing::WithParamInterface<Sample> {
 protected:
  GrowingDocument() {
    for (const auto& [path, text] : GetParam().files) write(path, text);
  }

  /// What is told now, under what id; each once.
  ById told(Writing writing) {
    const Sample& sample = GetParam();
    const std::atomic<bool> never = false;
    ById told;
    const auto reader = make_document_reader(sample.format, {});
    reader->expect(writing);
    const auto sink = [&told](const Record& record) {
      const ToldRecord one = tell(record);
      EXPECT_TRUE(told.emplace(one["session"] + " " + one["id"], dump(one)).second) << one["id"];
    };
    is_read_ = reader->read((folder_ / sample.path).string(), sink, never).ok();
    has_left_out_ = reader->has_left_out();
    return told;
  }

  bool is_read_ = false, has_left_out_ = false;
};

TEST_P(GrowingDocument, TellsNothingByHalvesWhereverItIsCut) {
  const Sample& sample = GetParam();
  const std::string& whole = sample.files.at(sample.grows);
  const ById all = told(Writing::is_over);
  ASSERT_TRUE(is_read_);
  ASSERT_GE(all.size(), 3u);
  for (std::size_t bytes = 0; bytes <= whole.size(); ++bytes) {
    write(sample.grows, whole.substr(0, bytes));
    for (const auto& [id, record] : told(Writing::goes_on)) {
      const auto found = all.find(id);
      ASSERT_NE(found, all.end()) << bytes << " of " << whole.size() << ": " << record;
      ASSERT_EQ(record, found->second) << bytes << " of " << whole.size();
    }
  }
}

TEST_P(GrowingDocument, OfTheWholeAllIsToldUnlessItSaysThatItLeavesOutSomething) {
  const ById all = told(Writing::is_over);
  EXPECT_FALSE(has_left_out_);
  const ById now = told(Writing::goes_on);
  EXPECT_TRUE(now == all || has_left_out_) << now.size() << " of " << all.size();
}

INSTANTIATE_TEST_SUITE_P(All, GrowingDocument, testing::ValuesIn(samples()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace agents
