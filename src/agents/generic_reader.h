#pragma once

#include <string>

#include "agents/formats.h"

namespace agents {

/// JSONL of any agent, one object a line, whose members go by names that are given.
/// docs/formats.md, "Generic".
class GenericReader : public LogReader {
 public:
  /// Members of `fields` replace the default names of their targets.
  GenericReader(const std::string& path, const FieldNames& fields);

 protected:
  void read(const Line& line, const base::json::Value& json, const Sink& sink) override;

 private:
  std::string file_stem_;
  FieldNames fields_;
};

}  // namespace agents
