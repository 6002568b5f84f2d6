#include "collect_flags.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "store/sqlite.h"
#include "test_executor.h"

namespace app {
namespace {

namespace fs = std::filesystem;
using store::Access;
using store::Database;

// As the Go collector makes them, with its journal.
constexpr const char* kOriginalSchema = R"(
PRAGMA journal_mode=DELETE;
CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL,
  timestamp INTEGER NOT NULL, agent_id TEXT NOT NULL, session_id TEXT NOT NULL,
  project_id TEXT NOT NULL, data TEXT NOT NULL, created_at INTEGER NOT NULL);
INSERT INTO events VALUES(1, 'e', 1, 'claude', 's', '1', '{}', 1);
)";
constexpr const char* kOriginalStates = R"(
CREATE TABLE backfill_state (id INTEGER PRIMARY KEY AUTOINCREMENT, agent_name TEXT NOT NULL,
  log_file_path TEXT NOT NULL, last_byte_offset INTEGER NOT NULL DEFAULT 0,
  last_timestamp INTEGER, total_events_processed INTEGER NOT NULL DEFAULT 0,
  status TEXT NOT NULL DEFAULT 'new', started_at INTEGER NOT NULL, completed_at INTEGER,
  error_message TEXT, UNIQUE(agent_name, log_file_path));
INSERT INTO backfill_state VALUES(1, 'github-copilot', '/a', 9, NULL, 4, 'completed', 5, 6, NULL);
INSERT INTO backfill_state VALUES(2, 'claude', '/b', 0, NULL, 0, 'failed', 7, NULL, 'torn');
)";

class CollectDatabaseTest : public testing::Test {
 protected:
  CollectDatabaseTest() {
    settings_.buffer_path = folder_ / "buffer.db";
    settings_.backfill_path = folder_ / "backfill.db";
  }
  static void make(const std::string& path, const std::string& script) {
    auto db = Database::open(path, Access::read_write);
    ASSERT_TRUE(db.ok());
    ASSERT_TRUE(db->execute(script).ok());
  }
  static std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  support::TemporaryFolder folder_;
  collector::Settings settings_;
};

TEST_F(CollectDatabaseTest, ADatabaseThatIsNotThereTellsNothingAndIsNotMade) {
  EXPECT_EQ(*pending_events(settings_), std::nullopt);
  EXPECT_EQ(*backfill_states(settings_), std::nullopt);
  EXPECT_FALSE(fs::exists(settings_.buffer_path));
  EXPECT_FALSE(fs::exists(settings_.backfill_path));
}

TEST_F(CollectDatabaseTest, OneOfTheOriginalIsReadAndStaysAsItIs) {
  make(settings_.buffer_path, std::string(kOriginalSchema) + kOriginalStates);
  const std::string before = bytes_of(settings_.buffer_path);
  EXPECT_EQ(*pending_events(settings_), 1);
  const auto all = backfill_states(settings_);
  ASSERT_TRUE(all.ok() && all->has_value());
  ASSERT_EQ((*all)->size(), 2u);
  EXPECT_EQ((*all)->front().path, "/b");
  EXPECT_EQ((*all)->front().error, "torn");
  EXPECT_EQ((**backfill_states(settings_, "github-copilot")).size(), 1u);
  EXPECT_EQ((**backfill_states(settings_, "cursor")).size(), 0u);
  EXPECT_EQ(bytes_of(settings_.buffer_path), before);
}

TEST_F(CollectDatabaseTest, StatesMayStandInADatabaseOfTheirOwn) {
  make(settings_.buffer_path, kOriginalSchema);
  EXPECT_EQ(*backfill_states(settings_), std::nullopt);
  make(settings_.backfill_path, kOriginalStates);
  EXPECT_EQ((**backfill_states(settings_)).size(), 2u);
}

TEST_F(CollectDatabaseTest, WhatIsNoDatabaseIsAnError) {
  std::ofstream(settings_.buffer_path) << std::string(4096, 'x');
  EXPECT_EQ(pending_events(settings_).error().code, base::Errc::corrupt);
  EXPECT_EQ(backfill_states(settings_).error().code, base::Errc::corrupt);
}

TEST(CollectSourcesTest, AgentsStandInTheirOrderAndAPathOnce) {
  support::TemporaryFolder folder;
  fs::create_directories(folder / "b");
  fs::create_directories(folder / "a");
  using agents::Agent;
  const auto found = sources_at({{Agent::codex, folder / "a", {}},
                                 {Agent::claude_code, folder / "*", {}},
                                 {Agent::claude_code, folder / "a", {}},
                                 {Agent::cursor, folder / "none", {}}});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].agent, Agent::claude_code);
  ASSERT_EQ(found[0].sources.size(), 2u);
  EXPECT_TRUE(found[0].sources[0].path.ends_with("/a"));
  EXPECT_EQ(found[1].agent, Agent::codex);
}

TEST(CollectSourcesTest, AnAgentHasTwoNames) {
  EXPECT_EQ(*agent_named("copilot"), agents::Agent::copilot);
  EXPECT_EQ(*agent_named("github-copilot"), agents::Agent::copilot);
  EXPECT_EQ(agent_named("x").error().what, "unknown agent: x");
}

}  // namespace
}  // namespace app
