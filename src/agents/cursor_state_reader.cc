#include "cursor_state_reader.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "agents/tools.h"
#include "agents/workspace_folder.h"
#include "array_splitter.h"
#include "base/json_writer.h"
#include "cursor_transcript_reader.h"
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

// A chat is stamped when its last message begins, and may grow a while under that stamp.
constexpr std::int64_t kSlackMs = 600'000;
constexpr int kMostAttempts = 5;
constexpr std::size_t kBatchBytes = std::size_t{1}
                                    << 20;  // of messages, read before they are given

constexpr std::string_view kChatPrefix = "composerData:";
constexpr std::string_view kChatKeys =
    "SELECT key FROM cursorDiskKV WHERE key >= 'composerData:' AND key < 'composerData;'"
    " LIMIT 100000";
constexpr std::string_view kUpdated =
    "SELECT CASE WHEN json_valid(v) THEN"
    " coalesce(json_extract(v, '$.lastUpdatedAt'), json_extract(v, '$.createdAt')) END"
    " FROM (SELECT CAST(value AS TEXT) AS v FROM cursorDiskKV WHERE key = ?1)";

/// What the messages of a chat have in common.
struct Context {
  std::string session_id, folder, branch, model;
  std::optional<base::Time> at;  // of the message before, for those that do not tell
};

/// JSON that stands in a string, or is there itself.
std::string inner_json(const Value& object, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    const auto value = object.find(key);
    if (!value || value->is(Kind::null)) continue;
    if (!value->is(Kind::string)) return to_cut_json(*value);
    if (value->text().empty()) continue;
    base::json::Document document;
    const auto inner = document.parse(value->text());
    return to_cut_json(inner ? *inner : *value);
  }
  return {};
}

void fill(Record& record, const Context& context, const Value& bubble) {
  record.session_id = context.session_id;
  record.at = context.at;
  record.branch = context.branch;
  record.model = context.model;
  if (const auto info = object_at(bubble, "modelInfo"))
    if (const auto model = text_at(*info, "modelName"); !model.empty()) record.model = model;
  record.working_directory = context.folder;
}

void give_tool(const Context& context, const std::string& id, const Value& bubble,
               const Value& tool, const DocumentReader::Sink& sink) {
  const std::string_view status = text_at(tool, "status");
  if (status != "completed" && status != "error" && status != "cancelled") return;
  const std::string_view name = text_at(tool, "name");
  Draft draft(kind_of_tool(Agent::cursor, name), id + "#tool");
  Record& record = draft.record;
  fill(record, context, bubble);
  record.tool_name = name;
  record.tool_call_id = text_at(tool, "toolCallId");
  record.input_json = draft.keep(inner_json(tool, {"rawArgs", "params"}));
  record.output_json = draft.keep(inner_json(tool, {"result"}));
  record.is_error = status == "error";
  base::json::Document document;
  if (const auto input = document.parse(record.input_json))
    record.file_path = draft.keep(std::string(file_in(*input)));
  draft.give(sink);
}

/// A message; `is_open`: the model is still at it.
void give_bubble(Context& context, const std::string& id, const Value& bubble, bool is_open,
                 const DocumentReader::Sink& sink) {
  if (const auto at = time_at(bubble, "createdAt")) context.at = at;
  if (const auto uris = bubble.find("workspaceUris"); uris && uris->is(Kind::array))
    for (const Value uri : uris->elements()) {
      if (uri.is(Kind::string)) context.folder = path_of_uri(uri.text());
      break;
    }
  const std::int64_t type = count_at(bubble, "type");
  if (is_open && type == 2) return;
  const std::string_view text = text_at(bubble, "text");
  const auto tokens = object_at(bubble, "tokenCount");
  const Usage usage =
      tokens ? Usage{count_at(*tokens, "inputTokens"), count_at(*tokens, "outputTokens")} : Usage{};
  const bool has_usage = usage.input > 0 || usage.output > 0;
  if ((type == 1 && !text.empty()) || (type == 2 && (!text.empty() || has_usage))) {
    Draft draft(type == 1 ? RecordKind::prompt : RecordKind::response, id);
    fill(draft.record, context, bubble);
    draft.record.text = text;
    draft.record.request_id = text_at(bubble, "requestId");
    if (has_usage) draft.record.usage = usage;
    draft.give(sink);
  }
  const auto tool = object_at(bubble, "toolFormerData");
  if (type == 2 && tool && !text_at(*tool, "name").empty())
    give_tool(context, id, bubble, *tool, sink);
}

}  // namespace

Result<void> CursorStateReader::read(const std::string& path, const Sink& sink,
                                     const std::atomic<bool>& stopping) {
  counts_ = {};
  storage_ = (fs::path(path).parent_path().parent_path() / "workspaceStorage").string();
  workspaces_.refresh(storage_);
  // Each attempt goes on where the one before was disturbed.
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    TRY(auto db, store::ForeignDatabase::open(path));
    auto done = read(db, sink, stopping);
    if (done || done.error().code == Errc::cancelled) return done;
    if (db.is_sound()) return std::move(done.error()).within(path);
  }
  return Error{Errc::unavailable, path + ": changes while it is read"};
}

Result<void> CursorStateReader::read(store::ForeignDatabase& db, const Sink& sink,
                                     const std::atomic<bool>& stopping) {
  TRY(const auto chats, changed_chats(db.database(), stopping));
  for (const Chat& chat : chats) {
    if (stopping) return Error{Errc::cancelled, "stopped"};
    TRY_OK(read_chat(db, chat.id, sink));
    seen_ = std::max(seen_, chat.updated);
  }
  return {};
}

/// Those that changed since `seen_`, the longest ago first.
Result<std::vector<CursorStateReader::Chat>> CursorStateReader::changed_chats(
    store::Database& db, const std::atomic<bool>& stopping) {
  std::vector<Chat> chats;
  TRY(auto keys, db.prepare(kChatKeys));
  for (;;) {
    TRY(const bool found, keys.step());
    if (!found) break;
    if (stopping) return Error{Errc::cancelled, "stopped"};
    const std::string key(keys.text(0));
    auto updated = db.integer(kUpdated, key);
    if (!updated && updated.error().code != Errc::invalid_argument)
      return std::move(updated.error());
    Chat chat{key.substr(kChatPrefix.size()), updated ? updated->value_or(0) : 0};
    if (chat.updated <= 0 || static_cast<double>(chat.updated) > kMostCount) chat.updated = 0;
    if (chat.updated == 0 || chat.updated >= seen_ - kSlackMs) chats.push_back(std::move(chat));
  }
  std::sort(chats.begin(), chats.end(), [](const Chat& a, const Chat& b) {
    return a.updated != b.updated ? a.updated < b.updated : a.id < b.id;
  });
  return chats;
}

Result<void> CursorStateReader::read_chat(store::ForeignDatabase& db, const std::string& id,
                                          const Sink& sink) {
  TRY(const std::string value, value_of(db.database(), std::string(kChatPrefix) + id));
  if (value.empty()) return {};
  std::vector<std::string> inline_bubbles;  // of older chats; all of them are a part of `value`
  ArraySplitter splitter("conversation",
                         [&](std::string_view element) { inline_bubbles.emplace_back(element); });
  splitter.feed(value);
  base::json::Document document, bubble_document;
  const auto chat = document.parse(splitter.head());
  if (!db.is_sound()) return Error{Errc::unavailable, "it has changed"};
  ++counts_.lines;
  if (!chat || !chat->is(Kind::object)) {
    ++counts_.broken;
    return {};
  }

  Context context;
  context.session_id = id;
  context.folder = folder_of(db.database(), id);
  context.branch = text_at(*chat, "createdOnBranch");
  context.at = time_at(*chat, "createdAt");
  if (const auto config = object_at(*chat, "modelConfig"))
    context.model = text_at(*config, "modelName");
  const bool is_generating = text_at(*chat, "status") == "generating";

  std::vector<std::string> ids;
  const auto headers = chat->find("fullConversationHeadersOnly");
  if (headers && headers->is(Kind::array))
    for (const Value header : headers->elements())
      if (const auto bubble = text_at(header, "bubbleId"); !bubble.empty())
        ids.emplace_back(bubble);
  // A window makes an empty chat whenever it opens: nothing has begun there.
  if (ids.empty() && inline_bubbles.empty()) return {};
  Draft start(RecordKind::session_start, "composer");
  fill(start.record, context, *chat);
  start.give(sink);

  for (std::size_t i = 0; i < inline_bubbles.size(); ++i) {
    const auto bubble = bubble_document.parse(inline_bubbles[i]);
    counts_.broken += !bubble;
    const std::string bubble_id(bubble ? text_at(*bubble, "bubbleId") : std::string_view());
    if (!bubble_id.empty())
      give_bubble(context, bubble_id, *bubble,
                  is_generating && ids.empty() && i + 1 == inline_bubbles.size(), sink);
  }
  for (std::size_t next = 0; next < ids.size();) {
    TRY(auto bubbles, read_bubbles(db, id, ids, next));
    for (auto& [place, text] : bubbles) {
      const auto bubble = bubble_document.parse(shortened(std::move(text)));
      counts_.broken += !bubble;
      const bool is_open = is_generating && place + 1 == ids.size();
      if (bubble) give_bubble(context, ids[place], *bubble, is_open, sink);
    }
  }
  return {};
}

/// The messages from `next` on, by their places in `ids`; `next` is behind them then. Not one by
/// one: whether what was read may be believed costs as much to ask as a message to read.
Result<std::vector<std::pair<std::size_t, std::string>>> CursorStateReader::read_bubbles(
    store::ForeignDatabase& db, const std::string& chat, const std::vector<std::string>& ids,
    std::size_t& next) {
  std::vector<std::pair<std::size_t, std::string>> bubbles;
  for (std::size_t bytes = 0; next < ids.size() && bytes < kBatchBytes; ++next) {
    TRY(std::string text, value_of(db.database(), "bubbleId:" + chat + ":" + ids[next]));
    bytes += text.size();
    if (!text.empty()) bubbles.emplace_back(next, std::move(text));
  }
  if (!db.is_sound()) return Error{Errc::unavailable, "it has changed"};
  return bubbles;
}

std::string CursorStateReader::folder_of(store::Database& db, const std::string& chat) const {
  // Newer versions have a table that tells the window; it is no failure that others have none.
  const auto hash = db.text("SELECT workspaceId FROM composerHeaders WHERE composerId = ?1", chat);
  if (hash && *hash)
    if (std::string folder = workspaces_.folder_of_window(storage_, **hash); !folder.empty())
      return folder;
  return workspaces_.folder_of_chat(chat);
}

/// Empty when there is none, or it is too long.
Result<std::string> CursorStateReader::value_of(store::Database& db, const std::string& key) {
  auto value = db.text("SELECT value FROM cursorDiskKV WHERE key = ?1", key);
  if (value) return value->value_or("");
  if (value.error().code != Errc::invalid_argument) return std::move(value.error());
  ++counts_.too_long;
  return std::string();
}

std::string CursorStateReader::save() const { return std::to_string(seen_); }

bool CursorStateReader::restore(std::string_view state) {
  base::json::Document document;
  const auto json = document.parse(state.empty() ? "0" : state);
  const auto seen = json && json->is(Kind::number) ? json->to_int() : std::nullopt;
  if (!seen || *seen < 0 || static_cast<double>(*seen) > kMostCount) return false;
  seen_ = *seen;
  return true;
}

Result<void> CursorWorkspaceReader::read(const std::string& path, const Sink& sink,
                                         const std::atomic<bool>& stopping) {
  counts_ = {};
  TRY(const std::string value,
      read_value(path, "ItemTable", "workbench.panel.aichat.view.aichat.chatdata"));
  const auto folder = read_workspace_folder(fs::path(path).parent_path().string());
  base::json::Document document;
  ArraySplitter tabs("tabs", [&](std::string_view element) {
    if (stopping) return;
    ++counts_.lines;
    counts_.too_long += element.empty();
    if (element.empty()) return;
    const auto tab = document.parse(element);
    counts_.broken += !tab;
    const auto bubbles = tab && tab->is(Kind::object) ? tab->find("bubbles") : std::nullopt;
    const std::string session(tab ? text_at(*tab, "tabId") : std::string_view());
    if (session.empty() || !bubbles || !bubbles->is(Kind::array)) return;
    std::size_t place = 0;
    for (const Value bubble : bubbles->elements()) {
      const std::string number = "bubble:" + std::to_string(place++);
      const std::string_view type = text_at(bubble, "type"), id = text_at(bubble, "id");
      std::string_view text = text_at(bubble, "text");
      if (text.empty()) text = text_at(bubble, "rawText");
      if ((type != "user" && type != "ai") || text.empty()) continue;
      Draft draft(type == "user" ? RecordKind::prompt : RecordKind::response,
                  id.empty() ? number : id);
      draft.record.session_id = session;
      draft.record.text = text;
      draft.record.model = text_at(bubble, "modelType");
      draft.record.at = time_at(*tab, "lastSendTime");
      if (folder) draft.record.working_directory = draft.keep(folder->directory());
      draft.give(sink);
    }
  });
  tabs.feed(value);
  if (stopping) return Error{Errc::cancelled, path};
  return {};
}

Result<void> CursorChatReader::read(const std::string& path, const Sink& sink,
                                    const std::atomic<bool>&) {
  counts_ = {};
  TRY(const std::string hex, read_value(path, "meta", "0"));
  std::string text;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned byte = 0;
    if (std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16).ptr != hex.data() + i + 2)
      break;
    text += static_cast<char>(byte);
  }
  ++counts_.lines;
  base::json::Document document;
  const auto meta = document.parse(text);
  if (!meta || !meta->is(Kind::object)) {
    ++counts_.broken;
    return Error{Errc::corrupt, path + ": no chat"};
  }
  Draft draft(RecordKind::session_start, "chat");
  const std::string folder = fs::path(path).parent_path().filename().string();
  const std::string_view id = text_at(*meta, "agentId");
  draft.record.session_id = id.empty() ? std::string_view(folder) : id;
  draft.record.at = time_at(*meta, "createdAt");
  draft.record.model = text_at(*meta, "lastUsedModel");
  draft.add_data_text("name", text_at(*meta, "name"));
  draft.add_data_text("mode", text_at(*meta, "mode"));
  draft.give(sink);
  return {};
}

}  // namespace agents
