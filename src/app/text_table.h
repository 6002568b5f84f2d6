#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace app {

/// A table for a terminal: columns as wide as their widest cell, two spaces between.
class TextTable {
 public:
  /// The first `left_columns` are flush left, the others flush right.
  TextTable(std::vector<std::string> head, std::size_t left_columns)
      : left_columns_(left_columns), rows_{std::move(head)} {}

  /// Cells may be text from outside.
  void add(std::vector<std::string> cells);
  void add_rule() { rows_.emplace_back(); }

  /// All lines, each with its line end.
  std::string text() const;

 private:
  std::size_t left_columns_;
  std::vector<std::vector<std::string>> rows_;  // the first is the head; an empty one is a rule
};

}  // namespace app
