#include "claude_conversation_reader.h"

#include <algorithm>
#include <array>

#include "agents/tools.h"
#include "base/text.h"
#include "json_fields.h"
#include "json_text.h"
#include "log_time.h"

namespace agents {
namespace {

constexpr std::string_view kState = "claude conversation 1";
constexpr std::string_view kSyntheticModel = "<synthetic>";  // a message that no model wrote

/// What the program puts into the user's mouth: slash commands, their output, hints of an editor.
bool is_envelope(std::string_view text) {
  static constexpr std::string_view kBegins[] = {
      "<command-",
      "<local-command-",
      "<bash-",
      "<system-reminder>",
      "<ide_",
      "<user-memory-",
      "<task-notification>",
      "[Request interrupted",
  };
  text = base::trim(text);
  return std::any_of(std::begin(kBegins), std::end(kBegins),
                     [text](std::string_view begin) { return text.starts_with(begin); });
}

/// The texts of a user's message that the user wrote, else all of them.
struct Said {
  std::string text;
  bool is_prompt = false;
};
Said said_in(const Value& content) {
  Said said;
  if (content.is(Kind::array)) {
    for (const Value& block : content.elements()) {
      const std::string_view text = text_at(block, "text");
      if (text_at(block, "type") != "text" || base::trim(text).empty() || is_envelope(text))
        continue;
      if (said.is_prompt) said.text += '\n';
      said.text += text;
      said.is_prompt = true;
    }
    if (said.is_prompt) return said;
  }
  said.text = message_text(content);
  said.is_prompt = content.is(Kind::string) && !is_envelope(said.text);
  return said;
}

bool is_true(const Value& json, std::string_view key) {
  const auto value = json.find(key);
  return value && is_truthy(*value);
}

bool is_of(const Value& content, std::string_view type) {
  if (!content.is(Kind::array)) return false;
  for (const Value& block : content.elements())
    if (text_at(block, "type") == type) return true;
  return false;
}

std::string_view path_in(const Value& input) {
  for (const std::string_view key : {"file_path", "notebook_path", "path"})
    if (const std::string_view path = text_at(input, key); !path.empty()) return path;
  return {};
}

bool is_nothing(const Usage& usage) {
  return usage.input == 0 && usage.output == 0 && usage.cache_read == 0 && usage.cache_write == 0;
}

}  // namespace

void ClaudeConversationReader::read(const Line& line, const Value& json, const Sink& sink) {
  const std::uint64_t number = lines_++;
  if (!json.is(Kind::object)) return;
  Record place;
  place.type = text_at(json, "type");
  if (place.type.empty()) return;
  place.offset = line.offset;
  place.index = line.index;
  place.is_cut = line.is_cut;
  sessions_.name(json, place);
  place.timestamp = text_at(json, "timestamp");
  place.at = time_at(json, "timestamp");
  place.working_directory = text_at(json, "cwd");
  place.branch = text_at(json, "gitBranch");
  place.client_version = text_at(json, "version");
  place.native_id = text_at(json, "uuid");
  const std::string stand_in = "line-" + std::to_string(number);
  if (place.native_id.empty()) place.native_id = stand_in;

  const bool is_of_talk =
      place.type == "user" || place.type == "assistant" || place.type == "system";
  if (!has_begun_ && is_of_talk) {
    has_begun_ = true;
    Record begin = place;
    begin.kind = Record::Kind::session_start;
    begin.native_id = "start";
    sink(begin);
  }
  if (is_of_talk) last_ = HeldRecord(place);

  if (place.type == "user") return read_user(place, json, sink);
  if (place.type == "assistant") return read_assistant(place, json, sink);
  if (place.type == "system") return read_system(place, json, sink);
  if (place.type == "attachment") return read_attachment(place, json, sink);
}

void ClaudeConversationReader::read_user(const Record& place, const Value& json, const Sink& sink) {
  const auto message = object_at(json, "message");
  const auto content = message ? message->find("content") : std::nullopt;
  if (!content) return;
  if (is_of(*content, "tool_result")) return read_results(place, *content, sink);
  if (is_true(json, "isMeta") || is_true(json, "isCompactSummary")) return;
  const Said said = said_in(*content);
  if (base::trim(said.text).empty()) return;
  give_answer(sink);
  Record record = place;
  record.text = said.text;
  if (!said.is_prompt) {
    record.kind = Record::Kind::interaction;
    sink(record);
    return;
  }
  // Older logs have a sub-agent's prompt among the lines of its parent, whose call still runs.
  if (sessions_.is_subagent_file() || !is_true(json, "isSidechain")) calls_.give_all(sink);
  record.kind = Record::Kind::prompt;
  sink(record);
}

void ClaudeConversationReader::read_results(const Record& place, const Value& content,
                                            const Sink& sink) {
  give_answer(sink);
  for (const Value& block : content.elements()) {
    if (text_at(block, "type") != "tool_result") continue;
    const auto call = calls_.take(text_at(block, "tool_use_id"));
    if (!call) continue;
    Record record = call->view();
    std::string output;
    if (const auto result = block.find("content")) {
      const std::string text = message_text(*result);
      record.is_cut |= place.is_cut;
      record.is_cut |= text.empty() && !result->is(Kind::string) ? append_cut(output, *result)
                                                                 : append_cut(output, text);
    }
    record.output_json = output;
    record.is_error = is_true(block, "is_error");
    if (record.at && place.at && *place.at > *record.at)
      record.duration_ms = (*place.at - *record.at).count();
    sink(record);
  }
}

void ClaudeConversationReader::read_assistant(const Record& place, const Value& json,
                                              const Sink& sink) {
  const auto message = object_at(json, "message");
  if (!message) return;
  Record line = place;
  line.message_id = text_at(*message, "id");
  line.request_id = text_at(json, "requestId");
  line.model = text_at(*message, "model");
  const bool is_synthetic = line.model == kSyntheticModel;
  if (is_synthetic) line.model = {};
  const auto content = message->find("content");
  const std::string text = content ? message_text(*content) : std::string();
  if (is_true(json, "isApiErrorMessage")) {
    give_answer(sink);
    line.kind = Record::Kind::failure;
    line.text = text;
    line.is_error = true;
    sink(line);
    return;
  }
  const std::string id = line.message_id.empty() && line.request_id.empty()
                             ? to_name(line.native_id)
                             : to_name(line.message_id) + "\n" + to_name(line.request_id);
  if (answer_ && answer_id_ != id) give_answer(sink);
  answer_id_ = id;
  line.kind = Record::Kind::response;
  line.duration_ms = count_at(json, "durationMs");
  line.cost_usd = claude_cost_of(json);
  if (!is_synthetic)
    if (const auto usage = object_at(*message, "usage")) line.usage = claude_usage_of(*usage);
  add_to_answer(line, text);
  if (content && content->is(Kind::array)) read_calls(line, *content, sink);
  // Nobody answers with thoughts alone: the line that says something comes yet.
  const bool says_something = !text.empty() || (content && is_of(*content, "tool_use"));
  const auto stop = message->find("stop_reason");
  if (stop && !stop->is(Kind::null) && says_something) give_answer(sink);
}

void ClaudeConversationReader::add_to_answer(const Record& line, std::string_view text) {
  if (!answer_) {
    answer_.emplace(line);
    answer_text_.clear();
  }
  Record& rest = answer_->rest();
  rest.is_cut |= line.is_cut;
  rest.duration_ms = std::max(rest.duration_ms, line.duration_ms);
  if (line.usage && (!rest.usage || line.usage->output >= rest.usage->output)) {
    rest.usage = line.usage;
    if (line.cost_usd) rest.cost_usd = line.cost_usd;
  }
  if (text.empty() || answer_text_.size() >= kMaxTextBytes) return;
  if (!answer_text_.empty()) answer_text_ += '\n';
  const std::size_t room = kMaxTextBytes - std::min(answer_text_.size(), kMaxTextBytes);
  answer_text_ += base::cut_utf8(text, room);
  if (text.size() <= room) return;
  answer_text_.append(kCutMark);
  rest.is_cut = true;
}

void ClaudeConversationReader::give_answer(const Sink& sink) {
  if (!answer_) return;
  const HeldRecord held = std::move(*answer_);
  answer_.reset();
  Record record = held.view();
  record.text = answer_text_;
  const auto before = std::find_if(answers_.begin(), answers_.end(), [this](const Answer& answer) {
    return answer.id == answer_id_;
  });
  if (before == answers_.end()) {
    answers_.push_back({answer_id_, record.usage.value_or(Usage())});
    if (answers_.size() > kMaxAnswers) answers_.pop_front();
  } else {
    record.cost_usd.reset();
    if (record.usage && record.usage->output > before->usage.output) {
      const Usage now = *record.usage;
      record.usage = difference(now, before->usage);
      before->usage = now;
    } else {
      record.usage.reset();
    }
  }
  const bool says_nothing =
      answer_text_.empty() && (!record.usage || is_nothing(*record.usage)) && !record.cost_usd;
  if (!says_nothing) sink(record);
}

void ClaudeConversationReader::read_calls(const Record& line, const Value& content,
                                          const Sink& sink) {
  std::size_t number = 0;
  for (const Value& block : content.elements()) {
    const std::size_t i = number++;
    if (text_at(block, "type") != "tool_use") continue;
    Record call = line;
    call.usage.reset();
    call.cost_usd.reset();
    call.duration_ms = 0;
    call.tool_name = text_at(block, "name");
    call.kind = kind_of_tool(Agent::claude_code, call.tool_name);
    call.tool_call_id = text_at(block, "id");
    std::string input;
    if (const auto value = block.find("input")) {
      call.is_cut |= append_input(input, *value);
      call.file_path = path_in(*value);
    }
    call.input_json = input;
    const std::string stand_in = std::string(line.native_id) + "#" + std::to_string(i);
    call.native_id = call.tool_call_id.empty() ? std::string_view(stand_in) : call.tool_call_id;
    if (call.tool_call_id.empty())
      sink(call);
    else
      calls_.add(call, sink);
  }
}

void ClaudeConversationReader::read_system(const Record& place, const Value& json,
                                           const Sink& sink) {
  const std::string_view subtype = text_at(json, "subtype");
  const auto content = json.find("content");
  std::string text = content ? message_text(*content) : std::string();
  Record record = place;
  if (subtype == "local_command" && !text.empty()) {
    record.kind = Record::Kind::interaction;
  } else if (subtype.find("error") != subtype.npos || text_at(json, "level") == "error") {
    record.kind = Record::Kind::failure;
    record.is_error = true;
    const auto error = json.find("error");
    if (text.empty() && error)
      text = error->is(Kind::string) ? error->text() : text_at(*error, "message");
    if (text.empty() && error) append_cut(text, *error);
    if (text.empty()) text = subtype;
  } else {
    return;
  }
  give_answer(sink);
  record.text = text;
  sink(record);
}

/// What the user typed while the agent was at work.
void ClaudeConversationReader::read_attachment(const Record& place, const Value& json,
                                               const Sink& sink) {
  const auto attachment = object_at(json, "attachment");
  if (!attachment || text_at(*attachment, "type") != "queued_command") return;
  const std::string_view mode = text_at(*attachment, "commandMode");
  const auto prompt = attachment->find("prompt");
  if (!prompt || (!mode.empty() && mode != "prompt")) return;
  const Said said = said_in(*prompt);
  if (!said.is_prompt || base::trim(said.text).empty()) return;
  give_answer(sink);
  Record record = place;
  record.kind = Record::Kind::prompt;
  record.text = said.text;
  sink(record);
}

void ClaudeConversationReader::finish(const Sink& sink) {
  give_answer(sink);
  calls_.give_all(sink);
  if (!has_begun_) return;
  Record end = last_.view();
  end.kind = Record::Kind::session_end;
  end.native_id = "end";
  sink(end);
}

std::string ClaudeConversationReader::save() const {
  StateWriter state(kState);
  state.text(sessions_.parent()).number(static_cast<std::int64_t>(lines_)).number(has_begun_);
  last_.save(state);
  state.number(answer_.has_value());
  if (answer_) answer_->save(state);
  state.text(answer_id_).text(answer_text_);
  state.number(static_cast<std::int64_t>(answers_.size()));
  for (const Answer& answer : answers_) {
    state.text(answer.id);
    save_usage(state, answer.usage);
  }
  calls_.save(state);
  return state.take();
}

bool ClaudeConversationReader::restore(std::string_view text) {
  StateReader state(text, kState);
  const std::string_view parent = state.text();
  const auto lines = static_cast<std::uint64_t>(state.number());
  const bool has_begun = state.number() != 0;
  HeldRecord last = HeldRecord::load(state);
  std::optional<HeldRecord> answer;
  if (state.number() != 0) answer = HeldRecord::load(state);
  const std::string_view answer_id = state.text(), answer_text = state.text();
  std::deque<Answer> answers;
  for (std::int64_t left = state.number(); left > 0 && state.ok(); --left) {
    const std::string_view id = state.text();
    answers.push_back({std::string(id), load_usage(state)});
  }
  WaitingCalls calls = WaitingCalls::load(state);
  if (!state.is_whole()) return false;
  sessions_.set_parent(parent);
  lines_ = lines;
  has_begun_ = has_begun;
  last_ = std::move(last);
  answer_ = std::move(answer);
  answer_id_ = answer_id;
  answer_text_ = answer_text;
  answers_ = std::move(answers);
  calls_ = std::move(calls);
  return true;
}

}  // namespace agents
