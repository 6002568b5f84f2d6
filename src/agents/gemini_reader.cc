#include "gemini_reader.h"

#include <filesystem>
#include <unordered_map>
#include <vector>

#include "agents/line_splitter.h"
#include "agents/tools.h"
#include "array_splitter.h"
#include "base/sha256.h"
#include "base/utf8.h"
#include "document_text.h"
#include "draft.h"
#include "json_fields.h"
#include "record_values.h"

namespace agents {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using RecordKind = Record::Kind;
namespace fs = std::filesystem;

constexpr std::size_t kMaxIdBytes = 128;
constexpr std::size_t kMaxMessages = 100'000;

/// What all records of a chat have in common.
struct Chat {
  std::string session_id, parent, working_directory;
  std::optional<base::Time> began;
};

void read_head(Chat& chat, const Value& head) {
  if (const auto id = text_at(head, "sessionId"); !id.empty()) chat.session_id = id;
  if (const auto began = time_at(head, "startTime")) chat.began = began;
  const auto folders = head.find("directories");
  if (!chat.working_directory.empty() || !folders || !folders->is(Kind::array)) return;
  for (const Value folder : folders->elements()) {
    if (folder.is(Kind::string)) chat.working_directory = folder.text();
    break;
  }
}

Chat chat_at(const std::string& path) {
  Chat chat;
  const fs::path folder = fs::path(path).parent_path();
  chat.session_id = base::to_utf8(fs::path(path).stem().string());
  if (folder.filename() != "chats") chat.parent = base::to_utf8(folder.filename().string());
  chat.working_directory = gemini_project_of(path);
  return chat;
}

Usage usage_of(const Value& tokens) {
  Usage usage;
  usage.input = count_at(tokens, "input") + count_at(tokens, "tool");
  usage.cache_read = count_at(tokens, "cached");
  usage.reasoning = count_at(tokens, "thoughts");
  usage.output = count_at(tokens, "output") + usage.reasoning;
  usage.input_includes_cache = true;
  return usage;
}

Draft& of_chat(Draft& draft, const Chat& chat, const Value& message) {
  draft.record.session_id = chat.session_id;
  draft.record.parent_session_id = chat.parent;
  draft.record.working_directory = chat.working_directory;
  draft.record.at = time_at(message, "timestamp");
  draft.record.model = text_at(message, "model");
  return draft;
}

/// The output of a tool: that of its first response, else what there is.
std::string output_of(const Value& call) {
  const auto result = call.find("result");
  if (!result || result->is(Kind::null)) return {};
  if (result->is(Kind::array))
    for (const Value part : result->elements()) {
      const auto answer = object_at(part, "functionResponse");
      const auto response = answer ? object_at(*answer, "response") : std::nullopt;
      if (const auto output = response ? response->find("output") : std::nullopt)
        return to_cut_json(*output);
    }
  return to_cut_json(*result);
}

void give_call(const Chat& chat, const Value& message, const Value& call, const std::string& id,
               const DocumentReader::Sink& sink) {
  const std::string_view status = text_at(call, "status");
  if (status != "success" && status != "error" && status != "cancelled") return;
  const std::string_view name = text_at(call, "name");
  const std::string_view call_id = text_at(call, "id");
  Draft draft(kind_of_tool(Agent::gemini, name), call_id.empty() ? id : call_id);
  Record& record = of_chat(draft, chat, message).record;
  if (const auto at = time_at(call, "timestamp")) record.at = at;
  record.tool_name = name;
  record.tool_call_id = call_id;
  if (const auto input = call.find("args")) {
    record.input_json = draft.keep(to_cut_json(*input));
    record.file_path = file_in(*input);
  }
  record.output_json = draft.keep(output_of(call));
  record.is_error = status == "error";
  draft.give(sink);
}

/// A message that will not change any more.
void give_message(const Chat& chat, const Value& message, const DocumentReader::Sink& sink) {
  const std::string_view type = text_at(message, "type");
  const std::string id(text_at(message, "id"));
  const auto content = message.find("content");
  const std::string text = content ? text_of(*content) : std::string();
  const auto tokens = object_at(message, "tokens");
  if (type == "user" || type == "error") {
    if (text.empty()) return;
    Draft draft(type == "user" ? RecordKind::prompt : RecordKind::failure, id);
    of_chat(draft, chat, message).record.text = text;
    draft.record.is_error = type == "error";
    draft.give(sink);
  }
  if (type != "gemini") return;
  if (!text.empty() || tokens) {
    Draft draft(RecordKind::response, id);
    of_chat(draft, chat, message).record.text = text;
    if (tokens) draft.record.usage = usage_of(*tokens);
    draft.give(sink);
  }
  const auto calls = message.find("toolCalls");
  if (!calls || !calls->is(Kind::array)) return;
  std::size_t part = 0;
  for (const Value call : calls->elements())
    give_call(chat, message, call, id + "#" + std::to_string(part++), sink);
}

/// Whether a message is complete though none follows it.
bool is_complete(const Value& message) {
  return text_at(message, "type") != "gemini" || object_at(message, "tokens");
}

void give_start(const Chat& chat, const DocumentReader::Sink& sink) {
  Draft draft(RecordKind::session_start, "session");
  draft.record.session_id = chat.session_id;
  draft.record.parent_session_id = chat.parent;
  draft.record.working_directory = chat.working_directory;
  draft.record.at = chat.began;
  draft.give(sink);
}

bool is_message(const Value& json) {
  const std::string_view id = text_at(json, "id");
  return !id.empty() && id.size() <= kMaxIdBytes && !text_at(json, "type").empty();
}

/// Which line of a chat's log holds the last word on each message, in the order of the messages.
class MessageIndex {
 public:
  /// False: there are too many.
  bool put(std::string_view id, std::uint64_t line) {
    const auto known = places_.find(std::string(id));
    if (known != places_.end()) {
      messages_[known->second].line = line;
      return true;
    }
    if (messages_.size() >= kMaxMessages) return false;
    places_.emplace(id, messages_.size());
    messages_.push_back({std::string(id), line});
    return true;
  }
  /// Drops the message and all that came after it.
  void rewind_to(std::string_view id) {
    const auto known = places_.find(std::string(id));
    if (known == places_.end()) return;
    const std::size_t first = known->second;
    for (std::size_t i = first; i < messages_.size(); ++i) places_.erase(messages_[i].id);
    messages_.resize(first);
  }
  std::size_t size() const { return messages_.size(); }
  /// The place of the message whose last word is at `line`.
  std::unordered_map<std::uint64_t, std::size_t> by_line() const {
    std::unordered_map<std::uint64_t, std::size_t> lines;
    for (std::size_t i = 0; i < messages_.size(); ++i) lines.emplace(messages_[i].line, i);
    return lines;
  }

 private:
  struct Message {
    std::string id;
    std::uint64_t line;
  };
  std::vector<Message> messages_;
  std::unordered_map<std::string, std::size_t> places_;
};

/// Calls `take(line)` for each line of the file that is complete.
template <class Take>
Result<void> read_lines(const std::string& path, const std::atomic<bool>& stopping,
                        const Take& take) {
  LineSplitter splitter;
  Line line;
  const auto feed = [&](std::string_view block) {
    splitter.feed(block);
    while (splitter.next(line)) take(line);
  };
  TRY_OK(read_blocks(path, feed, stopping));
  // The last line may stand without its end, but then it is whole only if it is JSON.
  if (splitter.last(line)) take(line);
  return {};
}

}  // namespace

std::string gemini_project_of(const std::string& path) {
  fs::path folder = fs::path(path).parent_path();
  while (folder.filename() != "chats" && folder.has_relative_path()) folder = folder.parent_path();
  const fs::path project = folder.parent_path();
  const fs::path home = project.parent_path().parent_path();
  const std::atomic<bool> never = false;
  const auto text = read_shortened((home / "projects.json").string(), never);
  base::json::Document document;
  const auto json = text ? document.parse(*text) : Result<Value>(text.error());
  const auto projects = json ? object_at(*json, "projects") : std::nullopt;
  if (!projects) return {};
  const std::string name = project.filename().string();
  for (const auto& [root, slug] : projects->members())
    if ((slug.is(Kind::string) && slug.text() == name) || base::sha256_hex(root) == name)
      return std::string(root);
  return {};
}

Result<void> GeminiChatLogReader::read(const std::string& path, const Sink& sink,
                                       const std::atomic<bool>& stopping) {
  counts_ = {};
  Chat chat = chat_at(path);
  MessageIndex index;
  base::json::Document document;
  bool has_head = false;

  // Once to learn which lines count, and once to read them: the texts of all messages together
  // have no bound.
  const auto note = [&](const Line& line) {
    const auto json = line.is_too_long ? Result<Value>(Error{Errc::corrupt, "too long"})
                                       : document.parse(line.text);
    if (!line.is_complete && !json) return;  // it is still being written
    ++counts_.lines;
    counts_.too_long += line.is_too_long;
    if (line.is_too_long) return;
    if (!json) {
      ++counts_.broken;
      return;
    }
    counts_.cut += line.is_cut;
    if (const auto to = text_at(*json, "$rewindTo"); !to.empty()) {
      index.rewind_to(to);
    } else if (const auto set = object_at(*json, "$set")) {
      read_head(chat, *set);
    } else if (is_message(*json)) {
      counts_.too_long += !index.put(text_at(*json, "id"), line.index);
    } else if (!text_at(*json, "sessionId").empty()) {
      read_head(chat, *json);
      has_head = true;
    }
  };
  TRY_OK(read_lines(path, stopping, note));

  if (has_head) give_start(chat, sink);
  const auto by_line = index.by_line();
  const auto give = [&](const Line& line) {
    const auto place = by_line.find(line.index);
    if (place == by_line.end()) return;
    const auto message = document.parse(line.text);
    if (!message || !is_message(*message)) return;
    if (place->second + 1 < index.size() || is_complete(*message))
      give_message(chat, *message, sink);
  };
  return read_lines(path, stopping, give);
}

Result<void> GeminiChatReader::read(const std::string& path, const Sink& sink,
                                    const std::atomic<bool>& stopping) {
  counts_ = {};
  Chat chat = chat_at(path);
  base::json::Document document;
  std::size_t messages = 0;
  ArraySplitter head("messages", [&messages](std::string_view) { ++messages; });
  TRY_OK(read_blocks(
      path, [&head](std::string_view block) { head.feed(block); }, stopping));
  const auto json = document.parse(head.head());
  if (!json || text_at(*json, "sessionId").empty()) {
    ++counts_.broken;
    return Error{Errc::corrupt, path + ": no chat"};
  }
  read_head(chat, *json);
  give_start(chat, sink);

  std::size_t place = 0;
  ArraySplitter elements("messages", [&](std::string_view element) {
    ++counts_.lines;
    ++place;
    counts_.too_long += element.empty();
    if (element.empty()) return;
    const auto message = document.parse(element);
    counts_.broken += !message;
    if (!message || !is_message(*message)) return;
    if (place < messages || is_complete(*message)) give_message(chat, *message, sink);
  });
  return read_blocks(
      path, [&elements](std::string_view block) { elements.feed(block); }, stopping);
}

}  // namespace agents
