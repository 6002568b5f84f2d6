#include "auto_import.h"

#include <algorithm>

#include "base/json_writer.h"
#include "base/log.h"

namespace app {

void AutoImport::tick() {
  if (importing_ || std::chrono::steady_clock::now() < due_) return;
  importing_ = true;
  import().detach();
}

base::Task<void> AutoImport::import() {
  monitor::ImportObserver nobody;
  monitor::ImportOptions everything;
  const auto result = co_await importer_.run(everything, nobody);
  due_ = std::chrono::steady_clock::now() + interval_;
  importing_ = false;
  if (!result) {
    if (!is_stopping_) base::log::warn("auto-import: {}", result.error().what);
    co_return;
  }
  const std::int64_t imported = result->events_imported();
  if (imported == 0) co_return;
  const auto files =
      std::count_if(result->files.begin(), result->files.end(),
                    [](const monitor::ImportedFile& file) { return file.events_imported > 0; });
  base::log::info("Auto-import: {} events from {} files", imported, files);
  if (!feed_.live().has_subscribers()) co_return;
  std::string notice;
  base::json::Writer json(notice);
  json.begin_object().key("type").value("session_update").key("payload").begin_object();
  json.key("type").value("auto_import").key("imported").value(imported).end_object().end_object();
  feed_.publish_notice(std::move(notice));
}

}  // namespace app
