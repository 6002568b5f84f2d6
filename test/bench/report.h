#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

/// A goal that one metric has to reach.
struct Goal {
  enum class Bound { at_least, at_most };

  std::string_view figure;
  std::string_view metric;
  Bound bound;
  double limit;
  std::string_view origin;  // how the limit follows from the table
};

/// Two metrics whose medians are divided; a limit of 0 means that no goal is set.
struct Ratio {
  std::string_view name;
  std::string_view figure, metric;
  std::string_view to_figure, to_metric;
  double limit = 0;
  Goal::Bound bound = Goal::Bound::at_least;
};

/// The values of all repeats, in the order in which figures and metrics were first added, and the
/// JSON document made of them.
class Report {
 public:
  void add(std::string_view figure, std::string_view metric, double value);
  void add_flag(std::string_view figure, std::string_view metric, bool value);

  /// A measurement that failed or an answer that was wrong: printed once, and the exit code is 1.
  void add_problem(std::string_view figure, std::string_view what);

  /// What was left out, or was not as it should be, and why; changes nothing in the exit code.
  /// Printed once.
  void add_note(std::string_view figure, std::string_view what);

  /// One fact about the run as a whole, as JSON text.
  void set(std::string_view name, std::string json);

  bool has_problems() const { return !problems_.empty(); }

  /// Empty when the metric has no values.
  std::optional<double> median(std::string_view figure, std::string_view metric) const;

  /// "events_per_s 45012.1  p50_ms 38.2": the last value of each metric of `figure`.
  std::string last_values(std::string_view figure) const;

  std::string to_json(const std::vector<Goal>& goals, const std::vector<Ratio>& ratios) const;

 private:
  struct Metric {
    std::string name;
    bool is_flag = false;
    std::vector<double> values;
  };
  struct Figure {
    std::string name;
    std::vector<Metric> metrics;
  };

  Metric& metric(std::string_view figure, std::string_view name);
  const Figure* find(std::string_view figure) const;
  std::string to_json(const Figure& figure, const std::vector<Goal>& goals) const;
  std::string to_json(const Ratio& ratio) const;

  std::vector<Figure> figures_;
  std::vector<std::string> problems_, notes_;
  std::vector<std::pair<std::string, std::string>> facts_;
};

/// Milliseconds and megabytes (10^6 bytes), the units of every report.
inline double to_ms(std::int64_t ns) { return static_cast<double>(ns) / 1e6; }
inline double to_mb(std::uint64_t bytes) { return static_cast<double>(bytes) / 1e6; }

/// With at most three decimals: more than a benchmark knows.
std::string to_json_number(double value);

/// `text` as a JSON string, quotes included.
std::string to_json_string(std::string_view text);

}  // namespace bench
