#include "monitor/import.h"

#include <algorithm>

#include "import_run.h"

namespace monitor {

using base::Result;
using base::Task;

std::string_view import_source(agents::Agent agent) {
  return agent == agents::Agent::codex ? "codex" : "claude-code";
}

std::int64_t ImportResult::events_found() const {
  std::int64_t sum = 0;
  for (const ImportedFile& file : files) sum += file.events_found;
  return sum;
}
std::int64_t ImportResult::events_imported() const {
  std::int64_t sum = 0;
  for (const ImportedFile& file : files) sum += file.events_imported;
  return sum;
}
std::int64_t ImportResult::duplicates() const {
  std::int64_t sum = 0;
  for (const ImportedFile& file : files) sum += file.duplicates;
  return sum;
}
std::int64_t ImportResult::unchanged_files() const {
  return std::count_if(files.begin(), files.end(), [](const ImportedFile& file) {
    return file.outcome == ImportedFile::Outcome::unchanged;
  });
}

Task<Result<ImportResult>> Importer::run(ImportOptions options, ImportObserver& observer) {
  ImportRun run(parts_, options, observer, stopping_);
  co_return co_await run.go();
}

}  // namespace monitor
