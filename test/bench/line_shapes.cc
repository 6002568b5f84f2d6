// Logs of lines, and the document of Copilot.
#include <fstream>
#include <utility>

#include "log_shapes.h"
#include "made_text.h"

namespace bench {
namespace {

namespace fs = std::filesystem;

/// Writes what `out` holds and what `next` appends to it, until there are about so many bytes, then
/// `end`; never holds much of it.
template <class Next>
void write_pieces(const fs::path& path, std::size_t bytes, std::string& out, const Next& next,
                  std::string_view end = {}) {
  constexpr std::size_t kPieceBytes = std::size_t{4} << 20;
  std::ofstream file(path, std::ios::binary);
  for (std::size_t written = 0; written < bytes; out.clear()) {
    while (out.size() < kPieceBytes && written + out.size() < bytes) next();
    written += out.size();
    file.write(out.data(), static_cast<std::streamsize>(out.size()));
  }
  file << end;
}

// ---- Claude Code

class ClaudeLog {
 public:
  void write(const fs::path& path, std::size_t bytes) {
    write_pieces(path, bytes, out_, [this] { turn(); });
  }

 private:
  void turn() {
    begin("user");
    put(out_, R"("message":{"role":"user","content":")", made_.said(),
        R"("},"promptSource":"typed")");
    end();
    for (std::uint32_t calls = made_.between(1, 8); calls > 0; --calls) answer();
  }

  void answer() {
    const std::string id = made_.hex(22), call = "toolu_01" + made_.hex(22);
    if (made_.below(2) == 0)
      block(id, R"({"type":"thinking","thinking":")", made_.said(), R"(","signature":")",
            made_.hex(300), R"("})");
    block(id, R"({"type":"text","text":")", made_.said(), R"("})");
    block(id, R"({"type":"tool_use","id":")", call,
          R"(","name":"Edit","input":{"file_path":"/home/dev/shop/a.cc","old_string":")",
          made_.text(300), R"(","new_string":")", made_.text(500), R"("}})");
    const std::string_view output = made_.output();
    begin("user");
    put(out_, R"("message":{"role":"user","content":[{"tool_use_id":")", call,
        R"(","type":"tool_result","content":")", output, R"("}]},"toolUseResult":{"stdout":")",
        output, R"(","stderr":"","interrupted":false,"isImage":false})");
    end();
  }

  template <class... Parts>
  void block(const std::string& id, const Parts&... parts) {
    begin("assistant");
    put(out_, R"("message":{"model":"claude-opus-4-5-20251101","id":"msg_01)", id,
        R"(","type":"message","role":"assistant","content":[)", parts...,
        R"(],"stop_reason":null,"usage":{"input_tokens":3,"cache_creation_input_tokens":900,)",
        R"("cache_read_input_tokens":42000,"cache_creation":{"ephemeral_5m_input_tokens":900,)",
        R"("ephemeral_1h_input_tokens":0},"output_tokens":)", made_.below(2000),
        R"(,"service_tier":"standard"}},"requestId":"req_011)", id, '"');
    end();
  }

  void begin(std::string_view type) {
    put(out_, R"({"parentUuid":")", uuid_, R"(","isSidechain":false,"userType":"external",)",
        R"("cwd":"/home/dev/shop","sessionId":"1c0ffee0-1111-4222-8333-444444444444",)",
        R"("version":"2.0.61","gitBranch":"main","type":")", type, R"(",)");
  }
  void end() {
    uuid_ = made_.uuid();
    put(out_, R"(,"uuid":")", uuid_, R"(","timestamp":")", made_.date(), "\"}\n");
  }

  MadeText made_;
  std::string out_, uuid_;
};

// ---- Codex

// ---- Copilot in VS Code

/// Of a request's bytes most lie in its `result`, of which no more than the tokens are told: what
/// was sent to the model as long texts, and what tools gave back as trees of small pieces.
class CopilotChat {
 public:
  explicit CopilotChat(std::size_t request_bytes) : request_bytes_(request_bytes) {}

  void write_document(const fs::path& path, std::size_t bytes) {
    std::string out =
        R"({"version":3,"responderUsername":"GitHub Copilot","requesterUsername":"ana",)"
        R"("initialLocation":"panel","requests":[)";
    const char* comma = "";
    const auto next = [&] {
      out += std::exchange(comma, ",");
      const std::string parts = this->parts(), result = this->result();
      head(out);
      put(out, R"(,"response":[)", parts, R"(],"result":)", result,
          R"(,"modelState":{"value":1}})");
    };
    write_pieces(path, bytes, out, next, "]}");
  }

  void write_changes(const fs::path& path, std::size_t bytes) {
    std::string out =
        R"({"kind":0,"v":{"version":3,"requesterUsername":"ana","initialLocation":"panel",)"
        R"("requests":[]}})"
        "\n";
    std::size_t number = 0;
    write_pieces(path, bytes, out, [&] { change(out, number++); });
  }

 private:
  void change(std::string& out, std::size_t number) {
    put(out, R"({"kind":2,"k":["requests"],"v":[)");
    head(out);
    put(out, R"(,"response":[],"modelState":{"value":0}}]})", '\n');
    for (int i = 0; i < kParts; ++i)
      put(out, R"({"kind":2,"k":["requests",)", number, R"(,"response"],"v":[)", part(i), "]}\n",
          R"({"kind":1,"k":["inputState"],"v":{"inputText":"","attachments":[]}})", '\n');
    put(out, R"({"kind":1,"k":["requests",)", number, R"(,"result"],"v":)", result(), "}\n",
        R"({"kind":1,"k":["requests",)", number, R"(,"modelState"],"v":{"value":1}})", '\n');
  }

  static constexpr int kParts = 12;

  void head(std::string& out) {
    const std::string_view text = made_.said();
    put(out, R"({"requestId":"request_)", made_.uuid(), R"(","responseId":"response_)",
        made_.uuid(),
        R"(","timestamp":1768032000000,"modelId":"copilot/gpt-5","agent":{"id":"github.copilot",)",
        R"("locations":["panel"],"slashCommands":[]},"message":{"text":")", text,
        R"(","parts":[{"range":{"start":0,"endExclusive":9},"text":")", text,
        R"(","kind":"text"}]},"variableData":{"variables":[{"id":"v","name":"file:a.cc",)",
        R"("kind":"file","value":{"$mid":1,"path":"/home/dev/shop/a.cc","scheme":"file"}}]})");
  }

  std::string parts() {
    std::string out = part(0);
    for (int i = 1; i < kParts; ++i) put(out, ',', part(i));
    return out;
  }

  std::string part(int number) {
    std::string out;
    if (number % 4 == 0) {
      put(out, R"({"value":")", made_.said(), R"(","supportThemeIcons":false})");
    } else if (number % 4 == 1) {
      put(out, R"({"kind":"thinking","value":")", made_.said(), R"(","id":")", made_.hex(400),
          R"("})");
    } else if (number % 4 == 2) {
      put(out, R"({"kind":"toolInvocationSerialized","toolId":"copilot_readFile","toolCallId":")",
          made_.uuid(), R"(","invocationMessage":{"value":")", made_.text(60),
          R"(","uris":{}},"pastTenseMessage":{"value":")", made_.text(60),
          R"("},"isConfirmed":true,"isComplete":true,"source":{"type":"internal","label":"Built-In"}})");
    } else {
      put(out,
          R"({"kind":"textEditGroup","uri":{"$mid":1,"path":"/home/dev/shop/a.cc"},"edits":[)");
      for (int i = 0; i < 20; ++i)
        put(out, i > 0 ? "," : "", R"([{"text":")", made_.text(80),
            R"(","range":{"startLineNumber":)", i, R"(,"startColumn":1,"endLineNumber":)", i,
            R"(,"endColumn":80}}])");
      out += R"(],"done":true})";
    }
    return out;
  }

  std::string result() {
    std::string out =
        R"({"timings":{"firstProgress":900,"totalElapsed":9000},"metadata":{"promptTokens":42000,)"
        R"("outputTokens":900,"renderedUserMessage":[)";
    for (const char* comma = ""; out.size() < request_bytes_ / 2; comma = ",")
      put(out, comma, R"({"type":1,"text":")", made_.output(), R"("})");
    out += R"(],"toolCallResults":{"call":{"content":[)";
    for (const char* comma = ""; out.size() < request_bytes_; comma = ",")
      put(out, comma, R"({"type":2,"ctor":1,"children":[{"type":1,"text":")", made_.text(120),
          R"(","priority":9007199254740991,"lineBreakBefore":true}],"props":{},"references":[]})");
    return out + "]}}}}";
  }

  const std::size_t request_bytes_;
  MadeText made_;
};

/// Each answer is written when it begins, and again when it is whole.

constexpr std::size_t kUsualRequest = 150'000;
constexpr std::size_t kLargeRequest = 3'900'000;  // more than is kept of one

}  // namespace

void write_claude(const fs::path& path, std::size_t bytes) { ClaudeLog().write(path, bytes); }
void write_codex(const fs::path& path, std::size_t bytes) {
  MadeText made;
  std::string out;
  const auto item = [&](std::string_view type, const auto&... parts) {
    put(out, R"({"timestamp":")", made.date(), R"(","type":")", type, R"(","payload":)", parts...,
        "}\n");
  };
  item("session_meta", R"({"id":"1c0ffee0-1111-4222-8333-444444444444","cwd":"/home/dev/shop",)",
       R"("originator":"codex_cli_rs","cli_version":"0.98.0","base_instructions":{"text":")",
       made.text(8000), R"("}})");
  std::uint64_t in = 0, total = 0;
  write_pieces(path, bytes, out, [&] {
    item("turn_context", R"({"turn_id":")", made.uuid(),
         R"(","cwd":"/home/dev/shop","model":"gpt-5"})");
    const std::string_view prompt = made.said();
    item("response_item",
         R"({"type":"message","role":"user","content":[{"type":"input_text","text":")", prompt,
         R"("}]})");
    item("event_msg", R"({"type":"user_message","message":")", prompt, R"("})");
    for (std::uint32_t steps = made.between(1, 8); steps > 0; --steps) {
      const std::string call = "call_" + made.hex(24);
      item("response_item", R"({"type":"reasoning","summary":[{"type":"summary_text","text":")",
           made.text(120), R"("}],"encrypted_content":")", made.hex(900), R"("})");
      item("response_item", R"({"type":"function_call","name":"exec_command","arguments":)",
           R"("{\"cmd\":\"rg -n )", made.hex(5), R"( src\"}","call_id":")", call, R"("})");
      item("response_item", R"({"type":"function_call_output","call_id":")", call,
           R"(","output":")", made.output(), R"("})");
      in += made.between(3000, 60'000);
      total += made.between(20, 1500);
      item("event_msg", R"({"type":"token_count","info":{"total_token_usage":{"input_tokens":)", in,
           R"(,"cached_input_tokens":0,"output_tokens":)", total,
           R"(,"reasoning_output_tokens":0,"total_tokens":)", in + total,
           R"(},"model_context_window":272000},"rate_limits":null})");
    }
  });
}

void write_copilot_chat(const fs::path& path, std::size_t bytes) {
  CopilotChat(kUsualRequest).write_document(path, bytes);
}
void write_copilot_chat_large(const fs::path& path, std::size_t bytes) {
  CopilotChat(kLargeRequest).write_document(path, bytes);
}
void write_copilot_chat_log(const fs::path& path, std::size_t bytes) {
  CopilotChat(kUsualRequest).write_changes(path, bytes);
}
void write_copilot_cli(const fs::path& path, std::size_t bytes) {
  MadeText made;
  std::string out;
  const auto line = [&](std::string_view type, const auto&... data) {
    put(out, R"({"type":")", type, R"(","data":{)", data..., R"(},"id":")", made.uuid(),
        R"(","timestamp":")", made.date(), R"(","parentId":")", made.uuid(), "\"}\n");
  };
  line("session.start", R"("sessionId":"s","copilotVersion":"0.0.400","context":{"cwd":"/w"})");
  write_pieces(path, bytes, out, [&] {
    line("user.message", R"("content":")", made.said(), R"(","transformedContent":")",
         made.output(), R"(","attachments":[])");
    for (std::uint32_t calls = made.between(1, 6); calls > 0; --calls) {
      const std::string call = "call_" + made.hex(24);
      line("assistant.message", R"("messageId":")", made.uuid(), R"(","content":")", made.said(),
           R"(","reasoningText":")", made.said(), R"(","toolRequests":[],"outputTokens":90)");
      line("tool.execution_start", R"("toolCallId":")", call,
           R"(","toolName":"edit","arguments":{"path":"/w/a.cc","new_str":")", made.text(600),
           R"("})");
      line("tool.execution_complete", R"("toolCallId":")", call,
           R"(","success":true,"result":{"content":")", made.output(), R"("})");
    }
  });
}

void write_cursor_transcript(const fs::path& path, std::size_t bytes) {
  MadeText made;
  std::string out;
  write_pieces(path, bytes, out, [&] {
    put(out, R"({"role":"user","message":{"content":[{"type":"text","text":"<user_query>\n)",
        made.said(), R"(\n</user_query>"}]}})", '\n');
    for (std::uint32_t calls = made.between(1, 6); calls > 0; --calls) {
      const std::string call = "toolu_" + made.hex(22);
      put(out, R"({"role":"assistant","message":{"content":[{"type":"text","text":")", made.said(),
          R"("},{"type":"tool_use","id":")", call, R"(","name":"StrReplace","input":{"path":)",
          R"("/w/a.cc","old_string":")", made.text(300), R"(","new_string":")", made.text(500),
          R"("}}]}})", '\n', R"({"role":"user","message":{"content":[{"type":"tool_result",)",
          R"("tool_use_id":")", call, R"(","content":")", made.output(), R"("}]}})", '\n');
    }
  });
}

void write_gemini(const fs::path& path, std::size_t bytes) {
  MadeText made;
  std::string out =
      R"({"sessionId":"s","projectHash":"x","startTime":"2026-01-10T08:00:00.000Z","kind":"main"})"
      "\n";
  const auto begin = [&](const std::string& id, std::string_view type) {
    put(out, R"({"id":")", id, R"(","timestamp":")", made.date(), R"(","type":")", type, R"(",)");
  };
  write_pieces(path, bytes, out, [&] {
    begin(made.uuid(), "user");
    put(out, R"("content":[{"text":")", made.said(), "\"}]}\n");
    for (std::uint32_t calls = made.between(1, 6); calls > 0; --calls) {
      const std::string id = made.uuid(), call = "replace-" + made.hex(12);
      const std::string_view thought = made.said();
      begin(id, "gemini");
      put(out, R"("content":"","thoughts":[{"subject":"x","description":")", thought, "\"}]}\n");
      begin(id, "gemini");
      put(out, R"("content":")", made.said(), R"(","thoughts":[{"subject":"x","description":")",
          thought, R"("}],"tokens":{"input":9000,"output":90,"cached":800,"thoughts":7,"tool":0},)",
          R"("model":"gemini-2.5-pro","toolCalls":[{"id":")", call,
          R"(","name":"replace","args":{"file_path":"/w/a.ts","new_string":")", made.text(600),
          R"("},"result":[{"functionResponse":{"id":")", call,
          R"(","name":"replace","response":{"output":")", made.output(),
          R"("}}}],"status":"success","timestamp":"2026-01-10T08:00:00.000Z"}]})", '\n');
    }
  });
}

void write_generic(const fs::path& path, std::size_t bytes) {
  MadeText made;
  std::string out;
  const auto begin = [&](std::string_view type) {
    put(out, R"({"timestamp":")", made.date(), R"(","session_id":"s","id":")", made.uuid(),
        R"(","level":"info","type":")", type, R"(",)");
  };
  write_pieces(path, bytes, out, [&] {
    begin("llm_request");
    put(out, R"("model":"m","prompt":")", made.said(), "\"}\n");
    begin("tool_use");
    put(out, R"("tool":"edit","args":{"file":"/w/a.cc","text":")", made.text(600),
        R"("},"result":")", made.output(), "\"}\n");
    begin("llm_response");
    put(out, R"("model":"m","response":")", made.said(),
        R"(","usage":{"input_tokens":900,"output_tokens":90}})", '\n');
  });
}

}  // namespace bench
