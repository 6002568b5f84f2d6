#include "cursor_transcript_reader.h"

#include <filesystem>

#include "agents/log_file.h"
#include "agents/tools.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "base/utf8.h"
#include "draft.h"
#include "json_fields.h"
#include "record_values.h"

namespace agents {
namespace {

using RecordKind = Record::Kind;
namespace fs = std::filesystem;

constexpr std::size_t kMaxInputBytes = std::size_t{32} << 10;
constexpr std::size_t kMaxCallNameBytes = 256;  // of a tool, and of a call's id

/// The session of a transcript, by its file's name, and of a sub-agent's the session around it.
std::string session_of(const std::string& path, std::string& parent) {
  const fs::path folder = fs::path(path).parent_path();
  if (folder.filename() == "subagents")
    parent = base::to_utf8(folder.parent_path().filename().string());
  return base::to_utf8(fs::path(path).stem().string());
}

}  // namespace

std::string_view inside_user_query(std::string_view text) {
  constexpr std::string_view kBegin = "<user_query>", kEnd = "</user_query>";
  const std::size_t begin = text.find(kBegin);
  if (begin == text.npos) return base::trim(text);
  text.remove_prefix(begin + kBegin.size());
  return base::trim(text.substr(0, text.find(kEnd)));
}

std::size_t CursorTranscriptReader::Call::state_bytes() const {
  // Members' names and numbers; a name may be all control characters, which an input never has.
  constexpr std::size_t kFrameBytes = 128;
  return kFrameBytes + 6 * (native_id.size() + call_id.size() + name.size()) + 2 * input.size();
}

CursorTranscriptReader::CursorTranscriptReader(const std::string& path)
    : session_id_(session_of(path, parent_)) {}

void CursorTranscriptReader::read(const Line& line, const Value& json, const Sink& sink) {
  const std::string_view role = text_at(json, "role");
  const auto message = object_at(json, "message");
  const auto content = message ? message->find("content") : std::nullopt;
  if (!content || (role != "user" && role != "assistant")) return;
  const std::string id = line_id(line);

  // What is said in one line is one text, whatever its parts.
  const std::string all = text_of(*content);
  const std::string_view said = role == "user" ? inside_user_query(all) : base::trim(all);
  if (!said.empty()) {
    if (role == "user") settle(sink);
    Draft draft(role == "user" ? RecordKind::prompt : RecordKind::response, id);
    draft.record.offset = line.offset;
    draft.record.index = line.index;
    draft.record.is_cut = line.is_cut;
    draft.record.session_id = session_id_;
    draft.record.parent_session_id = parent_;
    draft.record.text = said;
    draft.give(sink);
  }
  if (!content->is(Kind::array)) return;
  std::size_t part = 0;
  for (const Value block : content->elements())
    read_block(line, block, id + "#" + std::to_string(part++), sink);
}

void CursorTranscriptReader::read_block(const Line& line, const Value& block, const std::string& id,
                                        const Sink& sink) {
  const std::string_view type = text_at(block, "type");
  if (type == "tool_use") {
    Call call;
    call.offset = line.offset;
    call.index = line.index;
    call.native_id = id;
    call.call_id = base::cut_utf8(text_at(block, "id"), kMaxCallNameBytes);
    call.name = base::cut_utf8(text_at(block, "name"), kMaxCallNameBytes);
    if (const auto input = block.find("input")) call.input = to_cut_json(*input);
    // One without an id never learns its result, and a long one is not worth to be remembered.
    if (call.call_id.empty() || call.input.size() > kMaxInputBytes) {
      give(call, {}, false, sink);
      return;
    }
    call_bytes_ += call.state_bytes();
    calls_.push_back(std::move(call));
    while (call_bytes_ > kMaxStateBytes - 2) {  // the brackets
      const Call oldest = std::move(calls_.front());
      calls_.pop_front();
      call_bytes_ -= oldest.state_bytes();
      give(oldest, {}, false, sink);
    }
  } else if (type == "tool_result") {
    const std::string_view call_id =
        base::cut_utf8(text_at(block, "tool_use_id"), kMaxCallNameBytes);
    for (auto call = calls_.begin(); call != calls_.end(); ++call) {
      if (call->call_id != call_id) continue;
      const auto content = block.find("content");
      const auto mark = block.find("is_error");
      give(*call, content ? to_cut_json(*content) : "", mark && is_truthy(*mark), sink);
      call_bytes_ -= call->state_bytes();
      calls_.erase(call);
      return;
    }
  }
}

void CursorTranscriptReader::give(const Call& call, std::string_view output, bool is_error,
                                  const Sink& sink) const {
  Draft draft(kind_of_tool(Agent::cursor, call.name), call.native_id);
  Record& record = draft.record;
  record.offset = call.offset;
  record.index = call.index;
  record.session_id = session_id_;
  record.parent_session_id = parent_;
  record.tool_name = call.name;
  record.tool_call_id = call.call_id;
  record.input_json = call.input;
  record.output_json = output;
  record.is_error = is_error;
  base::json::Document document;
  if (const auto input = document.parse(call.input)) record.file_path = file_in(*input);
  draft.give(sink);
}

void CursorTranscriptReader::settle(const Sink& sink) {
  for (const Call& call : calls_) give(call, {}, false, sink);
  calls_.clear();
  call_bytes_ = 0;
}

std::string CursorTranscriptReader::save() const {
  if (calls_.empty()) return {};
  std::string out;
  base::json::Writer json(out);
  json.begin_array();
  for (const Call& call : calls_)
    json.begin_object()
        .key("offset")
        .value(call.offset)
        .key("index")
        .value(call.index)
        .key("native_id")
        .value(call.native_id)
        .key("id")
        .value(call.call_id)
        .key("name")
        .value(call.name)
        .key("input")
        .value(call.input)
        .end_object();
  json.end_array();
  return out;
}

bool CursorTranscriptReader::restore(std::string_view state) {
  std::deque<Call> calls;
  std::size_t bytes = 0;
  base::json::Document document;
  if (!state.empty()) {
    const auto json = document.parse(state);
    if (!json || !json->is(Kind::array)) return false;
    for (const Value saved : json->elements()) {
      Call call;
      call.native_id = text_at(saved, "native_id");
      if (call.native_id.empty()) return false;
      call.offset = static_cast<std::uint64_t>(count_at(saved, "offset"));
      call.index = static_cast<std::uint64_t>(count_at(saved, "index"));
      call.call_id = text_at(saved, "id");
      call.name = text_at(saved, "name");
      call.input = text_at(saved, "input");
      bytes += call.state_bytes();
      calls.push_back(std::move(call));
    }
  }
  calls_ = std::move(calls);
  call_bytes_ = bytes;
  return true;
}

// The text form. A heading stands alone in its line, and holds until the next one.

namespace {

/// The lines of a transcript as they come, made into records.
class TextBlocks : public LogReader {
 public:
  /// Of a log that `grows`, what stands last may be cut: the line, and the block that it is in.
  TextBlocks(const std::string& path, bool grows, bool& has_left_out)
      : grows_(grows), has_left_out_(has_left_out), session_id_(session_of(path, parent_)) {}
  void finish(const Sink& sink) override {
    if (grows_)
      has_left_out_ |= kind_.has_value();
    else
      give(sink);
  }

 protected:
  // A line that happens to be JSON is text all the same.
  void read(const Line& line, const Value&, const Sink& sink) override { read_text(line, sink); }

  bool read_text(const Line& line, const Sink& sink) override {
    constexpr std::string_view kCall = "[Tool call] ";
    if (grows_ && !line.is_complete) return has_left_out_ = true;
    if (line.text == "user:" || line.text == "assistant:") {
      begin(line.text == "user:" ? RecordKind::prompt : RecordKind::response, line, sink);
    } else if (line.text.starts_with("[Thinking]") || line.text.starts_with("[Tool result]")) {
      begin(std::nullopt, line, sink);
    } else if (line.text.starts_with(kCall)) {
      const std::string name =
          base::to_utf8(base::cut_utf8(base::trim(line.text.substr(kCall.size())), 256));
      begin(kind_of_tool(Agent::cursor, name), line, sink);
      tool_ = name;
    } else if (kind_ && text_.size() <= StringShortener::kMaxStringBytes) {
      // Blank lines are no lines of a log, but they part the paragraphs of a text.
      if (!text_.empty()) text_ += line.offset > end_ + 1 ? "\n\n" : "\n";
      text_ += line.text;
    }
    end_ = line.offset + line.text.size();
    return true;
  }

 private:
  void begin(std::optional<RecordKind> kind, const Line& line, const Sink& sink) {
    give(sink);
    // Under [Tool result] and [Thinking] follows what the user does not see, up to the next
    // heading.
    kind_ = kind;
    offset_ = line.offset;
    index_ = line.index;
  }
  void give(const Sink& sink) {
    const std::string text = cut_text(base::to_utf8(text_));
    const std::string_view said =
        kind_ == RecordKind::prompt ? inside_user_query(text) : base::trim(text);
    if (kind_ && (!said.empty() || !tool_.empty())) {
      Draft draft(*kind_, "block:" + std::to_string(offset_));
      draft.record.offset = offset_;
      draft.record.index = index_;
      draft.record.session_id = session_id_;
      draft.record.parent_session_id = parent_;
      draft.record.tool_name = tool_;
      if (tool_.empty()) {
        draft.record.text = said;
      } else if (!said.empty()) {
        std::string input;
        base::json::append_string(input, said);
        draft.record.input_json = draft.keep(std::move(input));
      }
      draft.give(sink);
    }
    kind_.reset();
    text_.clear();
    tool_.clear();
  }

  const bool grows_;
  bool& has_left_out_;
  std::string parent_, session_id_;  // in this order: the second finds the first
  std::optional<RecordKind> kind_;
  std::uint64_t offset_ = 0, index_ = 0, end_ = 0;
  std::string text_, tool_;
};

}  // namespace

base::Result<void> CursorTextReader::read(const std::string& path, const Sink& sink,
                                          const std::atomic<bool>& stopping) {
  has_left_out_ = false;
  auto blocks = std::make_unique<TextBlocks>(path, writing_ == Writing::goes_on, has_left_out_);
  TRY(LogFile file, LogFile::open(path, std::move(blocks), LogFile::Hashing::no));
  TRY(const bool stopped, file.read(sink, [&stopping] { return stopping.load(); }));
  counts_ = file.counts();
  if (stopped) return base::Error{base::Errc::cancelled, path};
  return {};
}

}  // namespace agents
