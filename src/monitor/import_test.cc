#include "monitor/import.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/time_text.h"
#include "import_fixture.h"

namespace monitor {
namespace {

namespace fs = std::filesystem;
using Outcome = ImportedFile::Outcome;

TEST_F(ImportTest, AFileIsReadOnceAndThenKnown) {
  log("a", {"user", "assistant", "user"});
  const ImportedFile first = import_one();
  EXPECT_EQ(first.outcome, Outcome::read);
  EXPECT_EQ(first.events_found, 3);
  EXPECT_EQ(first.events_imported, 3);
  EXPECT_EQ(first.duplicates, 0);
  EXPECT_EQ(first.lines.lines, 3u);
  EXPECT_EQ(import_one().outcome, Outcome::unchanged);
  EXPECT_EQ(number("SELECT count(*) FROM events"), 3);
  EXPECT_EQ(number("SELECT events_imported FROM import_state"), 3);
  EXPECT_EQ(text("SELECT source FROM import_state"), "claude-code");
  expect_totals_equal_a_recount();
}

TEST_F(ImportTest, AFileThatGrewIsReadAgainForWhatIsNew) {
  log("a", {"user", "user"});
  import();
  log("a", {"user", "user", "user"});
  const ImportedFile again = import_one();
  EXPECT_EQ(again.events_found, 3);
  EXPECT_EQ(again.events_imported, 1);
  EXPECT_EQ(again.duplicates, 2);
  EXPECT_EQ(number("SELECT events_imported FROM import_state"), 1);
  EXPECT_EQ(import_one().outcome, Outcome::unchanged);
}

TEST_F(ImportTest, ForceReadsAFileAgainAndStoresNothingTwice) {
  log("a", {"user", "user"});
  import();
  const ImportedFile again = import_one(forced());
  EXPECT_EQ(again.outcome, Outcome::read);
  EXPECT_EQ(again.events_imported, 0);
  EXPECT_EQ(again.duplicates, 2);
  EXPECT_EQ(number("SELECT count(*) FROM events"), 2);
}

TEST_F(ImportTest, ADryRunFindsAndWritesNothing) {
  log("a", {"user", "user"});
  const ImportedFile found = import_one(dry());
  EXPECT_EQ(found.events_found, 2);
  EXPECT_EQ(found.events_imported, 2);
  EXPECT_EQ(number("SELECT count(*) FROM events"), 0);
  EXPECT_EQ(number("SELECT count(*) FROM import_state"), 0);
  import();
  EXPECT_EQ(import_one(dry()).outcome, Outcome::unchanged);
  ImportOptions both = dry();
  both.force = true;
  EXPECT_EQ(import_one(both).events_imported, 2);
}

TEST_F(ImportTest, WithADateAFileIsNotDone) {
  log("a", {"user"});
  ImportOptions options;
  options.from = base::parse_date("2020-01-01");
  EXPECT_EQ(import_one(options).events_imported, 1);
  EXPECT_EQ(number("SELECT count(*) FROM import_state"), 0);
  EXPECT_EQ(import_one().outcome, Outcome::read);
  EXPECT_EQ(number("SELECT count(*) FROM import_state"), 1);
}

TEST_F(ImportTest, AFileWithoutEventsIsReadEveryTime) {
  write("claude/p/a.jsonl", "");
  EXPECT_EQ(import_one().outcome, Outcome::empty);
  write("claude/p/a.jsonl", "{}\nbroken\n");
  const ImportedFile broken = import_one();
  EXPECT_EQ(broken.outcome, Outcome::empty);
  EXPECT_EQ(broken.lines.lines, 2u);
  EXPECT_EQ(broken.lines.broken, 1u);
  EXPECT_EQ(number("SELECT count(*) FROM import_state"), 0);
}

TEST_F(ImportTest, TheStateThatAnotherProgramHasWrittenHolds) {
  log("a", {"user"});
  import();
  const auto forget_stamp = [this] { by_another_program("DELETE FROM sightline_import_files"); };
  forget_stamp();
  EXPECT_EQ(import_one().outcome, Outcome::unchanged);
  EXPECT_EQ(number("SELECT count(*) FROM sightline_import_files"), 1) << "known by its stamp now";
  forget_stamp();
  by_another_program("UPDATE import_state SET file_hash = 'another'");
  EXPECT_EQ(import_one().outcome, Outcome::read);
  by_another_program("DELETE FROM import_state");
  EXPECT_EQ(import_one().outcome, Outcome::read);
}

TEST_F(ImportTest, AFileOfTheSameBytesIsUnchangedWhateverItsStamp) {
  const std::string path = log("a", {"user"});
  import();
  fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::minutes{5});
  EXPECT_EQ(import_one().outcome, Outcome::unchanged);
  log("a", {"resu"});  // as many bytes
  EXPECT_EQ(import_one().outcome, Outcome::read);
}

TEST_F(ImportTest, TheStampOfAFileThatWasJustWrittenIsNotTrusted) {
  const std::string path = log("a", {"user"});
  fs::last_write_time(path, fs::file_time_type::clock::now());
  import();
  EXPECT_EQ(number("SELECT count(*) FROM import_state"), 1);
  EXPECT_EQ(number("SELECT count(*) FROM sightline_import_files"), 0);
  EXPECT_EQ(import_one().outcome, Outcome::unchanged);  // by its hash
}

TEST_F(ImportTest, WhatIsAppendedWhileItIsReadComesNowOrTheNextTime) {
  const std::string path = log("a", std::vector<std::string>(9000, "user"));
  bool appended = false;
  on_progress_ = [&] {
    if (std::exchange(appended, true)) return;
    std::ofstream(path, std::ios::app) << "{\"type\":\"late\"}\n";
  };
  import();
  ASSERT_TRUE(appended);
  on_progress_ = nullptr;
  import();
  EXPECT_EQ(number("SELECT count(*) FROM events"), 9001);
  age(path);
  import();
  EXPECT_EQ(import_one().outcome, Outcome::unchanged);
}

TEST_F(ImportTest, AFileThatIsReplacedWhileItIsReadIsReadAgain) {
  const std::string path = log("a", std::vector<std::string>(9000, "user"));
  bool replaced = false;
  on_progress_ = [&] {
    if (std::exchange(replaced, true)) return;
    write("new", "{\"type\":\"x\",\"sessionId\":\"other\"}\n");
    fs::rename(folder_ / "new", path);
  };
  EXPECT_EQ(import_one().events_imported, 9000);
  on_progress_ = nullptr;
  EXPECT_EQ(import_one().events_imported, 1);
  EXPECT_EQ(import_one().outcome, Outcome::unchanged);
}

TEST_F(ImportTest, AFileThatShrinksWhileItIsReadIsReadAgain) {
  const std::string path = log("a", std::vector<std::string>(90'000, "user"));
  bool cut = false;
  on_progress_ = [&] {
    if (!std::exchange(cut, true)) fs::resize_file(path, 32);
  };
  const std::int64_t first = import_one().events_imported;
  EXPECT_GT(first, 1000);
  EXPECT_LT(first, 90'000);
  on_progress_ = nullptr;
  EXPECT_EQ(import_one().duplicates, 2);
}

TEST_F(ImportTest, AFileThatCannotBeReadStopsNoOther) {
  if (::geteuid() == 0) {
    // Root may read everything: a file that goes between finding and opening it will do.
    log("a", {"user"});
    log("b", {"user"});
    on_progress_ = [this] { fs::remove(folder_ / "claude/p/b.jsonl"); };
  } else {
    fs::permissions(log("b", {"user"}), fs::perms::none);
    log("a", {"user"});
  }
  log("c", {"user"});
  const ImportResult result = import();
  ASSERT_EQ(result.files.size(), 3u);
  EXPECT_EQ(result.files[1].outcome, Outcome::failed);
  EXPECT_NE(result.files[1].problem, "");
  EXPECT_EQ(result.events_imported(), 2);
}

TEST_F(ImportTest, FilesGoByPathClaudeCodesFirst) {
  write("codex/sessions/a.jsonl",
        "{\"timestamp\":\"2026-02-20T09:00:00Z\",\"type\":\"session_meta\",\"payload\":{}}\n");
  log("b", {"user"});
  log("a", {"user"});
  const ImportResult result = import();
  ASSERT_EQ(result.files.size(), 3u);
  EXPECT_EQ(fs::path(result.files[0].path).filename(), "a.jsonl");
  EXPECT_EQ(fs::path(result.files[1].path).filename(), "b.jsonl");
  EXPECT_EQ(result.files[2].agent, agents::Agent::codex);
  EXPECT_EQ(result.files[2].events_imported, 2);
  ImportOptions codex;
  codex.claude_code = false;
  EXPECT_EQ(import(codex).files.size(), 1u);
  EXPECT_EQ(import(codex).unchanged_files(), 1);
}

TEST_F(ImportTest, ARunThatIsStoppedGoesOnTheNextTime) {
  log("a", std::vector<std::string>(9000, "user"));
  log("b", {"user"});
  on_progress_ = [this] { importer_->stop(); };
  const ImportResult stopped = import();
  EXPECT_TRUE(stopped.was_stopped);
  EXPECT_EQ(stopped.files.size(), 1u);
  EXPECT_LT(stopped.events_imported(), 9000);
  EXPECT_EQ(number("SELECT count(*) FROM import_state"), 0);
  on_progress_ = nullptr;
  const ImportResult rest = import();
  EXPECT_EQ(stopped.events_imported() + rest.events_imported(), 9001);
  expect_totals_equal_a_recount();
}

TEST_F(ImportTest, OldSessionsHaveEndedAndRecentOnesAreActive) {
  const auto line = [](const std::string& session, const std::string& at) {
    return "{\"type\":\"session_end\",\"sessionId\":\"" + session + "\",\"timestamp\":\"" + at +
           "\"}\n";
  };
  write("claude/p/a.jsonl", line("old", "2026-03-01T11:29:59Z") +
                                line("recent", "2026-03-01T11:30:00Z") + line("undated", "x"));
  import();
  EXPECT_EQ(session("old", "status"), "ended");
  EXPECT_EQ(session("recent", "status"), "active");
  EXPECT_EQ(session("undated", "status"), "ended");
}

TEST_F(ImportTest, WhatIsToldOfAnImportCanBeKnownAsSuch) {
  log("a", {"user"});
  import();
  ASSERT_FALSE(published_.empty());
  for (const StoredEvent& stored : published_)
    EXPECT_TRUE(is_imported(stored.event.source, stored.event.event_id));
  EXPECT_EQ(announced_, 1);
}

}  // namespace
}  // namespace monitor
