#include "copilot_chat_reader.h"

#include "base/text.h"
#include "base/utf8.h"
#include "file_blocks.h"
#include "json_fields.h"
#include "json_splitter.h"

namespace agents {
namespace {

using base::Errc;
using base::Error;
using base::Result;

constexpr const char* kRequests = "requests";
constexpr std::string_view kNoJson = "failed to parse chat session JSON: ";
constexpr const char* kCut = "failed to parse chat session JSON: unexpected end of JSON input";

/// What a request's context needs, and whether it has been there.
struct Wanted {
  bool username = false, location = false;
  bool has_all() const { return username && location; }
  bool take(std::string_view key) {
    username |= key == "requesterUsername";
    location |= key == "initialLocation";
    return key == "requesterUsername" || key == "initialLocation";
  }
};

/// Takes the members that stand behind the requests, without looking at these. False: the file ends
/// before it could be known whether there are any.
Result<bool> look_ahead(const std::string& path, ChatSession& session, Wanted wanted,
                        base::json::Document& document, const std::atomic<bool>& stopping) {
  TRY(FileBlocks file, FileBlocks::open(path));
  JsonSplitter splitter({kRequests}, JsonSplitter::Elements::skip);
  JsonSplitter::Part part;
  while (!wanted.has_all() && !splitter.is_done() && !splitter.is_broken() && !stopping) {
    TRY(const std::string_view bytes, file.next());
    if (bytes.empty()) return false;
    splitter.feed(bytes);
    while (splitter.next(part)) {
      if (!wanted.take(part.key)) continue;
      if (const auto value = document.parse(part.text); value.ok()) session.take(part.key, *value);
    }
  }
  return true;
}

}  // namespace

void read_request(std::string_view text, const ChatSession& session, ChatPlace place,
                  base::json::Document& document, ReadCounts& counts, const LogReader::Sink& sink) {
  auto request = document.parse(text);
  if (!request.ok()) request = document.parse(base::to_utf8(text));
  const bool is_told = request.ok() && tell_request(session, *request, place, sink);
  counts.broken += !is_told;
  counts.cut += is_told && place.is_cut;
}

Result<void> CopilotChatReader::read(const std::string& path, const Sink& sink,
                                     const std::atomic<bool>& stopping) {
  counts_ = {};
  ChatSession session = ChatSession::of(path, ".json");
  auto result = read_requests(path, session, sink, stopping);
  if (!result.ok() &&
      (result.error().code == Errc::not_found || result.error().code == Errc::unavailable))
    return std::move(result.error()).within("failed to read chat session file");
  return result;
}

Result<void> CopilotChatReader::read_requests(const std::string& path, ChatSession& session,
                                              const Sink& sink, const std::atomic<bool>& stopping) {
  TRY(FileBlocks file, FileBlocks::open(path));
  JsonSplitter splitter({kRequests});
  JsonSplitter::Part part;
  Wanted wanted;
  for (;;) {
    if (stopping) return Error{Errc::cancelled, "stopped"};
    TRY(const std::string_view bytes, file.next());
    if (bytes.empty()) break;
    const bool was_done = splitter.is_done();
    splitter.feed(bytes);
    while (splitter.next(part)) {
      if (!part.is_element) {
        if (!wanted.take(part.key)) continue;
        if (const auto value = document_.parse(part.text); value.ok())
          session.take(part.key, *value);
        continue;
      }
      if (counts_.lines == 0 && !wanted.has_all()) {
        TRY(const bool is_whole, look_ahead(path, session, wanted, document_, stopping));
        // Its requests would be told without what stands behind them.
        if (!is_whole && writing_ == Writing::goes_on) return Error{Errc::corrupt, kCut};
      }
      const ChatPlace place{part.offset, counts_.lines++, part.is_cut};
      if (part.is_too_long)
        ++counts_.too_long;
      else
        read_request(part.text, session, place, document_, counts_, sink);
    }
    const std::string_view behind = was_done ? bytes : splitter.rest();
    if (splitter.is_done() && !base::trim(behind).empty())
      return Error{Errc::corrupt, std::string(kNoJson) + "text behind its end"};
    if (splitter.is_broken()) return Error{Errc::corrupt, std::string(kNoJson) + "no object"};
  }
  if (!splitter.is_done()) return Error{Errc::corrupt, kCut};
  if (!splitter.has_array())
    return Error{Errc::corrupt, std::string(kNoJson) + "it has no requests"};
  return {};
}

}  // namespace agents
