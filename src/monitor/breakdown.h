#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/json_writer.h"

namespace monitor {

/// `{"name":count,...}`, the largest first, equals by name.
class Breakdown {
 public:
  void add(const std::string& name, std::int64_t events) {
    if (!name.empty() && events > 0) counts_[name] += events;
  }
  void write(base::json::Writer& json) const {
    std::vector<std::pair<std::string, std::int64_t>> order(counts_.begin(), counts_.end());
    std::stable_sort(order.begin(), order.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    json.begin_object();
    for (const auto& [name, count] : order) json.escaped_key(name).value(count);
    json.end_object();
  }

 private:
  std::map<std::string, std::int64_t> counts_;
};

}  // namespace monitor
