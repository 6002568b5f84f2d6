#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace base {

/// `text` with each `${NAME}` replaced by what `find` gives for NAME, any characters but `}`; what
/// it does not know stays as it is.
std::string interpolate(std::string_view text,
                        const std::function<std::optional<std::string>(const std::string&)>& find);

}  // namespace base
