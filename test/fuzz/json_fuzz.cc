#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/json_reader.h"
#include "base/json_writer.h"

// What the reader accepts, the writer writes so that it is read again, as the same bytes.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  base::json::Document document;
  const auto first = document.parse({reinterpret_cast<const char*>(data), size});
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
