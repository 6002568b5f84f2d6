#include "copilot_completions_reader.h"

#include <filesystem>
#include <vector>

#include "base/utf8.h"
#include "json_fields.h"
#include "log_time.h"
#include "reader_state.h"

namespace agents {
namespace {

constexpr std::string_view kState = "copilot completions 1";

}  // namespace

CopilotCompletionsReader::CopilotCompletionsReader(const std::string& path)
    : session_id_(base::to_utf8(std::filesystem::path(path).stem().string())) {}

void CopilotCompletionsReader::read(const Line& line, const Value& json, const Sink& sink) {
  const std::string id = "line-" + std::to_string(lines_++);
  const std::string_view message = text_at(json, "message");
  if (message.find("completion") == message.npos && message.find("suggest") == message.npos) return;
  const std::string_view prompt = text_at(json, "prompt"), completion = text_at(json, "completion");
  const std::int64_t prompt_length = count_at(json, "promptLen");
  const std::int64_t completion_length = count_at(json, "completionLen");
  const std::int64_t tokens = count_at(json, "tokensUsed");

  Record record;
  record.kind = completion.empty() ? Record::Kind::prompt : Record::Kind::response;
  record.offset = line.offset;
  record.index = line.index;
  record.is_cut = line.is_cut;
  record.native_id = id;
  record.session_id = session_id_;
  record.timestamp = text_at(json, "timestamp");
  record.at = time_at(json, "timestamp");
  record.model = text_at(json, "model");
  record.file_path = text_at(json, "filePath");
  record.text = completion.empty() ? prompt : completion;
  record.duration_ms = count_at(json, "durationMs");

  std::vector<Field> context = {
      {"source", text_at(json, "source")}, {"level", text_at(json, "level")}, {"message", message}};
  if (const auto language = text_at(json, "language"); !language.empty())
    context.push_back({"language", language});
  std::vector<Field> data = {{"requestId", text_at(json, "requestId")}};
  if (!prompt.empty()) {
    if (!completion.empty()) data.push_back({"prompt", prompt});
    data.push_back({"promptLength", prompt_length});
  }
  if (!completion.empty()) {
    data.push_back({"completion", completion});
    data.push_back({"completionLength", completion_length});
  }
  if (tokens > 0) data.push_back({"tokensUsed", tokens});
  if (tokens > 0 || record.duration_ms > 0) {
    Usage& usage = record.usage.emplace();
    usage.input = prompt_length;
    usage.output = completion_length;
  }
  record.data = data;
  record.context = context;
  sink(record);
}

std::string CopilotCompletionsReader::save() const {
  return StateWriter(kState).number(static_cast<std::int64_t>(lines_)).take();
}

bool CopilotCompletionsReader::restore(std::string_view text) {
  StateReader state(text, kState);
  const std::int64_t lines = state.number();
  if (!state.is_whole()) return false;
  lines_ = static_cast<std::uint64_t>(lines);
  return true;
}

}  // namespace agents
