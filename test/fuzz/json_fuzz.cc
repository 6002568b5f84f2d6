#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/json_reader.h"
#include "base/json_writer.h"
#include "strict_json.h"

// The reader accepts exactly what the grammar allows, whatever its document has read before; and
// what it accepts, the writer writes so that it is read again, as the same bytes.

namespace {

/// Whether `text` is accepted by a document that has read `earlier`.
bool accepted_after(std::string_view earlier, std::string_view text) {
  base::json::Document document;
  (void)document.parse(earlier);
  return document.parse(text).ok();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  base::json::Document document;
  const auto first = document.parse(text);
  ASSERT(first.ok() == StrictJson(text).accepts());

  // What another text leaves behind this one: its own bytes, what would close it, its mirror.
  for (const std::string& earlier :
       {text + text, text + R"("]}:,1]}]})", std::string(text.rbegin(), text.rend()) + text})
    ASSERT(accepted_after(earlier, text) == first.ok());

  if (!first) return 0;
  std::string written;
  base::json::append_value(written, *first);
  const auto second = document.parse(written);
  ASSERT(second.ok());
  std::string again;
  base::json::append_value(again, *second);
  ASSERT(again == written);
  return 0;
}
