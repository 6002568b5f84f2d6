#include "copilot_chat_log_reader.h"

#include <algorithm>
#include <limits>

#include "base/json_writer.h"
#include "base/utf8.h"
#include "copilot_chat_reader.h"
#include "file_blocks.h"
#include "json_fields.h"
#include "json_splitter.h"
#include "json_text.h"

namespace agents {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using base::json::Writer;

constexpr std::string_view kNoJson = "failed to parse chat session JSON: ";
constexpr std::string_view kRequests = "requests";

/// The members of a request that are told; the others, which are most of its bytes, are not kept.
bool is_told(std::string_view key) {
  static constexpr std::string_view kTold[] = {
      "requestId", "responseId",   "timestamp",  "modelId",    "message",      "response",
      "result",    "variableData", "isCanceled", "modelState", "promptTokens", "completionTokens"};
  return std::find(std::begin(kTold), std::end(kTold), key) != std::end(kTold);
}

void append_whole(std::string& out, const Value& value) {
  append_cut(out, value, std::numeric_limits<std::size_t>::max());
}

/// `result` is told for its tokens alone.
std::string result_text(const Value& result) {
  std::string text;
  Writer json(text);
  json.begin_object().key("metadata").begin_object();
  if (const auto metadata = object_at(result, "metadata")) {
    for (const char* key : {"promptTokens", "outputTokens", "resolvedModel"}) {
      const auto value = metadata->find(key);
      if (!value || value->is(Kind::object) || value->is(Kind::array)) continue;
      std::string member;
      append_cut(member, *value);
      json.key(key).raw(member);
    }
  }
  json.end_object().end_object();
  return text;
}

std::string member_text(std::string_view key, const Value& value) {
  if (key == "result") return result_text(value);
  std::string text;
  append_whole(text, value);
  return text;
}

std::string request_text(const Value& request) {
  std::string text;
  if (!request.is(Kind::object)) return "null";
  Writer json(text);
  json.begin_object();
  for (const auto& [key, value] : request.members())
    if (is_told(key)) json.escaped_key(key).raw(member_text(key, value));
  json.end_object();
  return text;
}

std::string requests_text(const Value& requests) {
  std::string text;
  Writer json(text);
  json.begin_array();
  if (requests.is(Kind::array))
    for (const Value& request : requests.elements()) json.raw(request_text(request));
  json.end_array();
  return text;
}

std::string root_text(const std::string& requests) { return "{\"requests\":" + requests + "}"; }

std::vector<Value> steps_of(const Value& path) {
  std::vector<Value> steps;
  for (const Value& step : path.elements()) steps.push_back(step);
  return steps;
}

/// What is kept of `value`, which belongs where these steps lead.
std::string kept_text(const std::vector<Value>& steps, const Value& value) {
  if (steps.size() == 1) return requests_text(value);
  if (steps.size() == 2) return request_text(value);
  if (steps.size() == 3 && steps[2].is(Kind::string)) return member_text(steps[2].text(), value);
  std::string text;
  append_whole(text, value);
  return text;
}

}  // namespace

Result<void> CopilotChatLogReader::read(const std::string& path, const Sink& sink,
                                        const std::atomic<bool>& stopping) {
  counts_ = {};
  ChatSession session = ChatSession::of(path, ".jsonl");
  JsonTree tree(root_text("[]"));
  auto result = replay(path, tree, session, stopping);
  if (result.ok()) {
    tell(tree, session, sink);
    return {};
  }
  const Errc code = result.error().code;
  if (code != Errc::not_found && code != Errc::unavailable) return result;
  return std::move(result.error()).within("failed to read chat session file");
}

// The first line is as long as the session, so it is not read as a line.
Result<void> CopilotChatLogReader::replay(const std::string& path, JsonTree& tree,
                                          ChatSession& session, const std::atomic<bool>& stopping) {
  TRY(FileBlocks file, FileBlocks::open(path));
  JsonSplitter splitter({"v", kRequests});
  JsonSplitter::Part part;
  base::json::Document paths;
  const Value requests = *paths.parse("[\"requests\"]");
  bool is_session = false;
  LineSplitter lines;
  Line line;
  for (;;) {
    if (stopping) return Error{Errc::cancelled, "stopped"};
    if (tree.bytes() > kMaxKeptBytes)
      return Error{Errc::corrupt,
                   "chat session is too large: more than 48 MB are to be kept of it"};
    TRY(std::string_view bytes, file.next());
    if (bytes.empty()) break;
    if (!splitter.is_done()) {
      splitter.feed(bytes);
      while (splitter.next(part)) {
        auto value = document_.parse(part.text);
        if (!value.ok()) value = document_.parse(base::to_utf8(part.text));
        if (part.is_element) {
          counts_.too_long += part.is_too_long;
          counts_.broken += !value.ok() && !part.is_too_long;
          counts_.cut += part.is_cut && !part.is_too_long;
          tree.append(requests, {value.ok() ? request_text(*value) : "null"}, std::nullopt);
        } else if (value.ok() && part.level == 1) {
          session.take(part.key, *value);
        } else if (value.ok() && part.key == "kind") {
          is_session = value->is(Kind::number) && value->to_int() == 0;
        }
      }
      if (splitter.is_broken()) return Error{Errc::corrupt, std::string(kNoJson) + "no object"};
      if (!splitter.is_done()) continue;
      if (!is_session)
        return Error{Errc::corrupt, std::string(kNoJson) + "it does not begin with a session"};
      ++counts_.lines;
      bytes = splitter.rest();
    }
    lines.feed(bytes);
    while (lines.next(line)) read_line(line, tree, session);
  }
  if (!splitter.is_done())
    return Error{Errc::corrupt, std::string(kNoJson) + "unexpected end of JSON input"};
  if (lines.last(line)) read_line(line, tree, session);
  return {};
}

void CopilotChatLogReader::read_line(const Line& line, JsonTree& tree, ChatSession& session) {
  const auto operation = document_.parse(line.text);
  // VS Code is still writing it.
  if (!line.is_complete && !operation.ok()) return;
  ++counts_.lines;
  const bool is_applied = !line.is_too_long && operation.ok() && apply(*operation, tree, session);
  counts_.too_long += line.is_too_long;
  counts_.broken += !is_applied && !line.is_too_long;
  counts_.cut += is_applied && line.is_cut;
}

/// False: this is none.
bool CopilotChatLogReader::apply(const Value& operation, JsonTree& tree, ChatSession& session) {
  if (!operation.is(Kind::object)) return false;
  const auto kind_value = operation.find("kind");
  const auto kind =
      kind_value && kind_value->is(Kind::number) ? kind_value->to_int() : std::nullopt;
  const auto path = operation.find("k");
  const auto value = operation.find("v");
  const bool has_path = path && path->is(Kind::array);
  if (kind == 0 || (kind == 1 && has_path && path->size() == 0)) {
    if (!value || !value->is(Kind::object)) return false;
    for (const auto& [key, member] : value->members()) session.take(key, member);
    const auto requests = value->find(kRequests);
    tree.reset(root_text(requests ? requests_text(*requests) : "[]"));
    return true;
  }
  if (!has_path || path->size() == 0) return false;
  const std::vector<Value> steps = steps_of(*path);
  if (!steps[0].is(Kind::string)) return false;
  if (steps.size() == 1 && kind == 1 && value) session.take(steps[0].text(), *value);
  if (steps[0].text() != kRequests) return kind && *kind >= 1 && *kind <= 3;
  if (steps.size() > 2 && steps[2].is(Kind::string) && !is_told(steps[2].text())) return true;
  if (kind == 3) return tree.remove(*path);
  if (kind == 1 && value) return tree.set(*path, kept_text(steps, *value));
  if (kind != 2) return false;
  std::vector<std::string> elements;
  if (value && value->is(Kind::array)) {
    for (const Value& element : value->elements()) {
      if (steps.size() == 1) {
        elements.push_back(request_text(element));
      } else {
        elements.emplace_back();
        append_whole(elements.back(), element);
      }
    }
  }
  const auto size_value = operation.find("i");
  const auto size =
      size_value && size_value->is(Kind::number) ? size_value->to_int() : std::nullopt;
  return tree.append(
      *path, std::move(elements),
      size && *size >= 0 ? std::optional(static_cast<std::size_t>(*size)) : std::nullopt);
}

void CopilotChatLogReader::tell(JsonTree& tree, const ChatSession& session, const Sink& sink) {
  JsonTree::Node* const requests = tree.member(kRequests);
  if (!requests) return;
  std::uint64_t index = 0;
  for (const JsonTree::Node& request : tree.elements(*requests)) {
    ChatPlace place{0, index++, JsonTree::bytes_of(request) > JsonSplitter::kWholeBytes};
    std::string text;
    JsonReducer reducer;
    JsonTree::write(request, [&](std::string_view piece) {
      if (text.size() > JsonSplitter::kMaxBytes) return;
      if (place.is_cut)
        reducer.feed(piece, text);
      else
        text += piece;
    });
    if (text == "null") continue;  // there is none any more
    if (text.size() > JsonSplitter::kMaxBytes ||
        (place.is_cut && count_marks(text) > JsonSplitter::kMaxMarks))
      ++counts_.too_long;
    else
      read_request(text, session, place, document_, counts_, sink);
  }
}

}  // namespace agents
