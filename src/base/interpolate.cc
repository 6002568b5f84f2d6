#include "base/interpolate.h"

namespace base {

std::string interpolate(std::string_view text,
                        const std::function<std::optional<std::string>(const std::string&)>& find) {
  std::string out;
  while (!text.empty()) {
    const std::size_t begin = text.find("${");
    const std::size_t end = begin == text.npos ? begin : text.find('}', begin);
    if (end == text.npos) break;
    const std::string name(text.substr(begin + 2, end - begin - 2));
    out += text.substr(0, begin);
    const auto value = name.empty() ? std::nullopt : find(name);
    out += value ? std::string_view(*value) : text.substr(begin, end + 1 - begin);
    text.remove_prefix(end + 1);
  }
  out += text;
  return out;
}

}  // namespace base
