#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "collector/settings.h"

// No configuration file breaks the collector, in none of its three syntaxes: settings that are
// accepted can be used, and a refusal says why.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "HOME") return "/home/ana";
    return std::nullopt;
  };
  for (const std::string_view path : {"c.json", "c.yaml", "c.toml"}) {
    const auto settings = collector::parse_settings(text, path, environment);
    if (!settings) {
      ASSERT(!settings.error().what.empty());
      continue;
    }
    ASSERT(collector::problem(*settings).empty());
    ASSERT(settings->batch_interval.count() > 0);
    ASSERT(settings->numeric_project_id() > 0);
  }
  return 0;
}
