#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "ledger_fixture.h"
#include "monitor/import.h"

namespace monitor {

/// Logs in folders of their own, imported into a ledger.
class ImportTest : public LedgerTest, public ImportObserver {
 protected:
  ImportTest() { std::filesystem::create_directories(folder_ / "claude/p"); }

  /// A log of Claude Code with lines of these types; its stamp is old enough to be trusted.
  std::string log(const std::string& name, const std::vector<std::string>& types) {
    std::string lines;
    for (const std::string& type : types) lines += "{\"type\":\"" + type + "\"}\n";
    return write("claude/p/" + name + ".jsonl", lines);
  }
  std::string write(const std::string& name, const std::string& text) {
    const std::string path = folder_ / name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << text;
    age(path);
    return path;
  }
  static void age(const std::string& path) {
    std::filesystem::last_write_time(
        path, std::filesystem::file_time_type::clock::now() - std::chrono::hours{1});
  }

  ImportResult import(ImportOptions options = {}) {
    Importer importer({ledger_.get(), readers_, pool_, places_, 10240});
    importer_ = &importer;
    auto result = executor_.await(importer.run(options, *this));
    importer_ = nullptr;
    EXPECT_TRUE(result) << result.error().what;
    return std::move(*result);
  }
  /// The outcome of the only file.
  ImportedFile import_one(ImportOptions options = {}) {
    ImportResult result = import(options);
    EXPECT_EQ(result.files.size(), 1u);
    return std::move(result.files.at(0));
  }
  static ImportOptions forced() {
    ImportOptions options;
    options.force = true;
    return options;
  }
  static ImportOptions dry() {
    ImportOptions options;
    options.dry_run = true;
    return options;
  }

  void begin(std::size_t, std::uint64_t bytes) override { bytes_ = bytes; }
  void progress(std::uint64_t) override {
    if (on_progress_) on_progress_();
  }

  agents::Places places_{{folder_ / "claude"}, folder_ / "codex"};
  store::SnapshotReaders readers_{path_, pool_, 1};
  Importer* importer_ = nullptr;  // while an import goes on
  std::function<void()> on_progress_;
  std::uint64_t bytes_ = 0;
};

}  // namespace monitor
