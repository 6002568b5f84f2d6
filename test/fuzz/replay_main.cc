#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

// Runs a fuzz target over every file of the directories given as arguments: the corpus as a test,
// where libFuzzer is not there. A directory that is empty or missing fails, it would test nothing.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

/// In order, so that a failure comes at the same place every time; empty when there is none.
std::vector<fs::path> files_of(const char* directory) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error))
    if (at->is_regular_file()) files.push_back(at->path());
  std::sort(files.begin(), files.end());
  return files;
}

bool replay(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (!in) return false;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const auto files = files_of(argv[i]);
    if (files.empty()) {
      std::fprintf(stderr, "no files in %s\n", argv[i]);
      return 1;
    }
    for (const fs::path& file : files) {
      std::fprintf(stderr, "%s\n", file.c_str());  // first, so that a crash has its name before it
      if (!replay(file)) return 1;
    }
  }
  return argc > 1 ? 0 : 1;
}
