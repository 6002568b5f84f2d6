#include "agents/formats.h"

#include <gtest/gtest.h>

#include <set>

namespace agents {
namespace {

TEST(Formats, EachHasANameOfItsOwnAndAtMostOneReader) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Format::generic); ++i) {
    const auto format = static_cast<Format>(i);
    EXPECT_TRUE(names.insert(name(format)).second);
    const bool by_lines = make_line_reader(format, "/x/a.jsonl", {}) != nullptr;
    const bool whole = make_document_reader(format, {}) != nullptr;
    EXPECT_FALSE(shape_of(format) == Shape::lines ? whole : by_lines) << name(format);
  }
}

TEST(Formats, TheOnesOfCursorGeminiAndOpenCodeHaveReaders) {
  for (const Format format :
       {Format::claude_log, Format::cursor_transcript, Format::cursor_log, Format::generic})
    EXPECT_TRUE(make_line_reader(format, "/x/a.jsonl", {})) << name(format);
  for (const Format format : {Format::cursor_state, Format::cursor_workspace, Format::cursor_text,
                              Format::cursor_chat, Format::gemini_chat, Format::gemini_chat_log,
                              Format::opencode_database, Format::opencode_session})
    EXPECT_TRUE(make_document_reader(format, {})) << name(format);
}

TEST(Detection, ASnapshotOfCopilotIsAWholeDocument) {
  EXPECT_EQ(detect(R"({"version":3,"requesterUsername":"t","requests":[{}]})"),
            Format::copilot_chat);
  EXPECT_EQ(detect("{\n  \"version\": 3,\n  \"requests\": [{}]\n}\n"), Format::copilot_chat);
  EXPECT_EQ(detect(R"({"version":0,"requests":[{}]})"), Format::generic);
  EXPECT_EQ(detect(R"({"version":3,"requests":[]})"), Format::generic);
  EXPECT_EQ(detect(R"({"kind":0,"v":{"version":3}})"), Format::copilot_chat_log);
  EXPECT_EQ(detect(R"({"type":"session.start","data":{},"id":"x"})"), Format::copilot_cli);
}

TEST(Detection, D01_TheFirstCompleteLineDecides) {
  EXPECT_EQ(detect("{\"conversation_id\":\"c\",\"prompt\":\"p\"}\n{\"x\":1}\n{\"y\":"),
            Format::claude_log);
  EXPECT_EQ(detect("\n{\"session_id\":\"s\"}\n"), Format::cursor_log);
  EXPECT_EQ(detect(R"({"type":"user","sessionId":"s","message":{"content":"x"}})"),
            Format::claude_code);
  EXPECT_EQ(detect(R"({"type":"session_meta","payload":{}})"), Format::codex);
  EXPECT_EQ(detect(R"({"role":"user","message":{"content":"x"}})"), Format::cursor_transcript);
  EXPECT_EQ(detect(R"({"sessionId":"s","projectHash":"h"})"), Format::gemini_chat_log);
  EXPECT_EQ(detect(R"({"sessionId":"s","projectHash":"h","messages":[]})"), Format::gemini_chat);
  EXPECT_EQ(detect(R"({"id":"ses_1","title":"t"})"), Format::opencode_session);
  EXPECT_EQ(detect("{\"event\":1}\n"), Format::generic);
}

TEST(Detection, D01_WhatFitsClaudeAndCursorIsClaudes) {
  EXPECT_EQ(detect(R"({"conversation_id":"c"})"), Format::claude_log);
  EXPECT_EQ(detect(R"({"model":"m"})"), Format::claude_log);
  EXPECT_EQ(detect(R"({"message":"Anthropic"})"), Format::claude_log);
  EXPECT_EQ(detect(R"({"message":"Cursor"})"), Format::cursor_log);
}

TEST(Detection, D01_ACutObjectWithTheRightWordsIsNoTextOfCursor) {
  EXPECT_EQ(detect(R"({"requests":[{"text":"cursor ai completion)"), std::nullopt);
  EXPECT_EQ(detect("INFO Cursor AI completion requested\nmore\n"), Format::cursor_log);
  EXPECT_EQ(detect("INFO Cursor main\n"), std::nullopt);
  EXPECT_EQ(detect("[1,2]"), std::nullopt);
  EXPECT_EQ(detect(""), std::nullopt);
}

}  // namespace
}  // namespace agents
