#pragma once

#include <cstddef>
#include <filesystem>

namespace bench {

/// Each writes a log of about `bytes` in the shape that an agent gives it: what is said is mostly
/// short, what tools put out is long now and then, and many of the bytes are what no reader tells.
/// Made up, the same each time.
using WriteLog = void(const std::filesystem::path& path, std::size_t bytes);

WriteLog write_claude, write_codex, write_copilot_chat, write_copilot_chat_log, write_copilot_cli,
    write_cursor_transcript, write_gemini, write_generic;
/// Copilot's with requests of 3.9 MB: more than is kept of one.
WriteLog write_copilot_chat_large;
/// Databases.
WriteLog write_cursor_state, write_opencode;

}  // namespace bench
