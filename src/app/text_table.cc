#include "text_table.h"

#include <algorithm>

#include "terminal_text.h"

namespace app {

void TextTable::add(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = printable(cell);
  rows_.push_back(std::move(cells));
}

std::string TextTable::text() const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], columns_of(row[i]));
  std::size_t whole = 2 * (widths.size() - 1);
  for (const std::size_t width : widths) whole += width;

  std::string out;
  for (const auto& row : rows_) {
    if (row.empty()) out.append(whole, '-');
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - columns_of(row[i]), ' ');
      const bool is_last = i + 1 == row.size();
      if (i > 0) out += "  ";
      if (i < left_columns_) {
        out += row[i];
        if (!is_last) out += padding;
      } else {
        out += padding + row[i];
      }
    }
    out += '\n';
  }
  return out;
}

}  // namespace app
