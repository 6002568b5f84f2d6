#include "base/metrics.h"

#include <fmt/format.h>

#include "base/json_writer.h"

namespace base {

Counter& Metrics::counter(std::string_view name, std::string_view help, std::string_view labels) {
  const MutexLock lock(mutex_);
  for (Series& series : series_)
    if (series.name == name && series.labels == labels) return series.counter;
  Series& made = series_.emplace_back();
  made.name = name, made.help = help, made.labels = labels;
  return made.counter;
}

void Metrics::gauge(std::string_view name, std::string_view help, std::function<double()> read) {
  const MutexLock lock(mutex_);
  Series& made = series_.emplace_back();
  made.name = name, made.help = help, made.read = std::move(read);
}

std::string Metrics::text() const {
  const MutexLock lock(mutex_);
  std::string out;
  std::string_view previous;
  for (const Series& series : series_) {
    if (series.name != previous) {
      out += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", series.name, series.help,
                         series.read ? "gauge" : "counter");
      previous = series.name;
    }
    out += series.name;
    if (!series.labels.empty()) out.append("{").append(series.labels).append("}");
    out += ' ';
    if (series.read) {
      json::append_double(out, series.read());
    } else {
      json::append_int(out, static_cast<std::int64_t>(series.counter.value()));
    }
    out += '\n';
  }
  return out;
}

}  // namespace base
