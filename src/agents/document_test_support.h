#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "agents/document_reader.h"
#include "told_test_support.h"

namespace agents {

/// A folder of its own, which goes with its test.
class DocumentTest : public testing::Test {
 protected:
  DocumentTest() {
    std::string name = testing::TempDir() + "/agents-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~DocumentTest() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& path, std::string_view text) {
    const auto file = folder_ / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file.string();
  }
  struct Told {
    std::vector<ToldRecord> records;
    base::Result<void> result;
    ReadCounts counts;
  };
  template <class Reader>
  Told read(const std::string& path, bool is_stopping = false) {
    const std::atomic<bool> stopping = is_stopping;
    Told told;
    Reader reader;
    told.result = reader.read(
        path, [&told](const Record& record) { told.records.push_back(tell(record)); }, stopping);
    told.counts = reader.counts();
    return told;
  }

  std::filesystem::path folder_;
};

}  // namespace agents
