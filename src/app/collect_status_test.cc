#include "collect_status.h"

#include <gtest/gtest.h>

#include <limits>

namespace app {
namespace {

using collector::BackfillState;
using Row = BackfillState::Status;
using agents::Agent;

constexpr std::int64_t kNoon = 1'772'366'400;  // 2026-03-01T12:00:00Z

BackfillState row(std::string path, Row status, std::int64_t events = 1, std::string error = "") {
  BackfillState state;
  state.agent = "github-copilot";
  state.path = std::move(path);
  state.status = status;
  state.events = events;
  state.offset = 345;
  state.started_at = kNoon;
  state.error = std::move(error);
  if (status == Row::completed) state.completed_at = kNoon + events;
  return state;
}

SyncState state_of(const std::vector<BackfillState>& rows) {
  return sync_state({Agent::copilot, "/w/chats", true, {}}, rows);
}

TEST(CollectStatusTest, D15_AFolderIsWhatTheLogsBelowItAreTogether) {
  using Status = SyncState::Status;
  EXPECT_EQ(state_of({}).status, Status::unknown);
  const SyncState synced =
      state_of({row("/w/chats/a", Row::completed, 3), row("/w/chats/x/b", Row::completed, 4)});
  EXPECT_EQ(synced.status, Status::synced);
  EXPECT_EQ(synced.events, 7);
  EXPECT_EQ(synced.last_sync, kNoon + 4);
  const SyncState failed =
      state_of({row("/w/chats/a", Row::in_progress), row("/w/chats/b", Row::failed, 0, "torn")});
  EXPECT_EQ(failed.status, Status::failed);
  EXPECT_EQ(failed.error, "torn");
  EXPECT_EQ(
      state_of({row("/w/chats/a", Row::completed), row("/w/chats/b", Row::in_progress)}).status,
      Status::syncing);
  EXPECT_EQ(state_of({row("/w/chats/a", Row::completed), row("/w/chats/b", Row::paused)}).status,
            Status::pending);
  EXPECT_EQ(state_of({row("/w/chats/a", Row::paused)}).status, Status::paused);
  EXPECT_EQ(state_of({row("/w/chats/a", Row::fresh)}).status, Status::pending);
}

TEST(CollectStatusTest, ALogBesideAFolderOrOfAnotherAgentIsNotOfIt) {
  BackfillState other = row("/w/chats/a", Row::completed);
  other.agent = "claude";
  EXPECT_EQ(state_of({row("/w/chats2/a", Row::completed), row("/w", Row::completed), other}).status,
            SyncState::Status::unknown);
}

TEST(CollectStatusTest, ASumOfEventsDoesNotOverflow) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(state_of({row("/w/chats/a", Row::paused, most), row("/w/chats/b", Row::paused)}).events,
            most);
}

StatusReport report() {
  StatusReport report;
  report.settings_path = "/home/ana/.devlog/collector.json";
  report.backend_url = "http://localhost:3200";
  report.project_id = "12";
  report.pending = 5;
  const auto source = [](const char* path, SyncState::Status status, std::int64_t events) {
    SyncState state;
    state.status = status;
    state.events = events;
    if (status == SyncState::Status::failed) state.error = "two\nlines";
    if (status == SyncState::Status::synced) state.last_sync = kNoon;
    return SourceReport{path, state};
  };
  using Status = SyncState::Status;
  report.agents = {{"copilot",
                    {source("/w/h1/chatSessions", Status::synced, 840),
                     source("/w/h2/chatSessions", Status::syncing, 3),
                     source("/w/h3/chatSessions", Status::failed, 0),
                     source("/w/h4/chatSessions", Status::paused, 2),
                     source("/w/h5/chatSessions", Status::pending, 0),
                     source("/w/h6/chatSessions", Status::unknown, 0)},
                    ""}};
  return report;
}

TEST(CollectStatusTest, StatusTellsConfigurationBackendBufferAndAgents) {  // contract 11.3
  EXPECT_EQ(status_text(report()), R"(📊 Devlog Collector Status
==========================

✅ Configuration: Loaded from /home/ana/.devlog/collector.json
   Backend URL: http://localhost:3200
   Project ID: 12

✅ Backend: Connected

📦 Buffer: 5 events pending

🤖 Agents:
   copilot (6 log sources)
      📁 h1 - ✅ synced (840 events)
      📁 h2 - 🔄 syncing (3 events)
      📁 h3 - ❌ failed: two lines
      📁 h4 - ⏳ pending
      📁 h5 - ⏳ pending
      📁 h6 - ⏳ pending

💡 Tip: Run 'sightline collect start' to begin collecting events
)");
}

TEST(CollectStatusTest, StatusTellsWhatIsWrongAndEndsWhereThereAreNoAgents) {
  StatusReport bad = report();
  bad.settings_error = "invalid configuration: apiKey is required";
  bad.pending.reset();
  bad.agents.clear();
  EXPECT_EQ(status_text(bad), R"(📊 Devlog Collector Status
==========================

⚠️  Configuration: Failed to load (invalid configuration: apiKey is required)

🤖 Agents:
   No agent logs discovered
)");
}

TEST(CollectStatusTest, StatusWithoutStatesShowsThePathsAndAnEmptyBufferAsSuch) {
  StatusReport r = report();
  r.backend_error = "unhealthy: status 503";
  r.pending = 0;
  r.agents = {{"aider", {{"/h/.aider/logs", {}}}, ""}};
  const std::string text = status_text(r);
  EXPECT_NE(text.find("\n❌ Backend: Unreachable (unhealthy: status 503)\n\n"), text.npos);
  EXPECT_NE(text.find("\n📦 Buffer: Empty (all events synced)\n\n"), text.npos);
  EXPECT_NE(text.find("   aider (1 log sources)\n      📁 /h/.aider/logs\n\n"), text.npos);
}

TEST(CollectStatusTest, SyncStatusTellsEachSourceAndCountsThem) {
  auto agents = report().agents;
  agents.push_back({"claude", {{"/c", {}}}, "database is locked"});
  EXPECT_EQ(sync_text(agents), R"(📊 Sync Status
==============

🤖 copilot (6 log sources)
   📁 /w/h1/chatSessions
      Status: ✅ synced (840 events)
      Last sync: 2026-03-01T12:00:00Z
   📁 /w/h2/chatSessions
      Status: 🔄 syncing (3 events so far)
   📁 /w/h3/chatSessions
      Status: ❌ failed: two lines
   📁 /w/h4/chatSessions
      Status: ⏸️  paused (2 events)
   📁 /w/h5/chatSessions
      Status: ⏳ pending
   📁 /w/h6/chatSessions
      Status: ⏳ pending (not yet synced)

🤖 claude (1 log sources)
   ❌ Error getting status: database is locked

Summary:
  ✅ Synced:      1
  🔄 In progress: 1
  ⏳ Pending:     5
)");
}

TEST(CollectStatusTest, HistoryListsEachLogOfAnAgent) {
  EXPECT_EQ(history_text("copilot", {}), "No backfill history for agent: copilot\n");
  const std::vector<BackfillState> rows = {row("/a.json", Row::completed, 12),
                                           row("/b.json", Row::failed, 0, "parse error")};
  EXPECT_EQ(history_text("copilot", rows), R"(Backfill status for copilot:

File: /a.json
  Status: completed
  Events processed: 12
  Byte offset: 345
  Started: 2026-03-01T12:00:00Z
  Completed: 2026-03-01T12:00:12Z

File: /b.json
  Status: failed
  Events processed: 0
  Byte offset: 345
  Started: 2026-03-01T12:00:00Z
  Error: parse error

)");
}

TEST(CollectStatusTest, ATimeThatIsAbsurdIsShownAsTheEndOfTime) {
  BackfillState absurd = row("/a", Row::in_progress);
  absurd.started_at = std::numeric_limits<std::int64_t>::max();
  EXPECT_NE(history_text("x", std::vector{absurd}).find("Started: 9999-12-31T23:59:59Z"),
            std::string::npos);
}

TEST(CollectStatusTest, JsonHasTheSame) {
  StatusReport r = report();
  r.agents[0].sources.resize(3);
  EXPECT_EQ(
      status_json(r),
      R"({"configuration":{"path":"/home/ana/.devlog/collector.json",)"
      R"("backendUrl":"http://localhost:3200","projectId":"12"},"backend":{"connected":true},)"
      R"("buffer":{"pending":5},"agents":[{"agent":"copilot","sources":[)"
      R"({"path":"/w/h1/chatSessions","status":"synced","events":840,)"
      R"("lastSync":"2026-03-01T12:00:00Z"},)"
      R"({"path":"/w/h2/chatSessions","status":"syncing","events":3},)"
      R"({"path":"/w/h3/chatSessions","status":"failed","events":0,"error":"two\nlines"}]}]})"
      "\n");
  EXPECT_EQ(sync_json({}),
            "{\"agents\":[],\"summary\":{\"synced\":0,\"inProgress\":0,\"pending\":0}}\n");
  EXPECT_EQ(history_json(std::vector{row("/a", Row::completed, 2)}),
            R"([{"agent":"github-copilot","path":"/a","status":"completed","events":2,)"
            R"("offset":345,"started":"2026-03-01T12:00:00Z","completed":"2026-03-01T12:00:02Z"}])"
            "\n");
}

}  // namespace
}  // namespace app
