#include "report.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace bench {
namespace {

const char* to_json_flag(bool value) { return value ? "true" : "false"; }

std::string join(const std::vector<std::string>& parts, std::string_view between) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += between;
    text += part;
  }
  return text;
}

void add_once(std::vector<std::string>& lines, std::string line) {
  if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(std::move(line));
}

std::string to_json_list(std::string_view name, const std::vector<std::string>& lines) {
  std::vector<std::string> texts;
  for (const std::string& line : lines) texts.push_back("    " + to_json_string(line));
  return "  " + to_json_string(name) + ": [\n" + join(texts, ",\n") + "\n  ]";
}

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

bool all_true(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return value != 0; });
}

// Members of a JSON object: the limit, and whether `value` is within it.
std::string to_json_bound(Goal::Bound bound, double limit, double value,
                          const std::string& between = {}) {
  const bool is_least = bound == Goal::Bound::at_least;
  const bool is_reached = is_least ? value >= limit : value <= limit;
  return std::string(is_least ? "\"at_least\":" : "\"at_most\":") + to_json_number(limit) +
         between + ",\"reached\":" + to_json_flag(is_reached);
}

std::string to_json_goal(const Goal& goal, double value) {
  return "{\"metric\":" + to_json_string(goal.metric) + "," +
         to_json_bound(goal.bound, goal.limit, value,
                       ",\"origin\":" + to_json_string(goal.origin)) +
         "}";
}

}  // namespace

void Report::add(std::string_view figure, std::string_view name, double value) {
  metric(figure, name).values.push_back(value);
}

void Report::add_flag(std::string_view figure, std::string_view name, bool value) {
  Metric& flag = metric(figure, name);
  flag.is_flag = true;
  flag.values.push_back(value ? 1 : 0);
}

void Report::add_problem(std::string_view figure, std::string_view what) {
  add_once(problems_, std::string(figure) + ": " + std::string(what));
}

void Report::add_note(std::string_view figure, std::string_view what) {
  add_once(notes_, std::string(figure) + ": " + std::string(what));
}

void Report::set(std::string_view name, std::string json) {
  facts_.emplace_back(name, std::move(json));
}

std::optional<double> Report::median(std::string_view figure, std::string_view name) const {
  const Figure* found = find(figure);
  if (found == nullptr) return std::nullopt;
  for (const Metric& each : found->metrics)
    if (each.name == name) return median_of(each.values);
  return std::nullopt;
}

std::string Report::last_values(std::string_view figure) const {
  const Figure* found = find(figure);
  if (found == nullptr) return {};
  std::vector<std::string> parts;
  for (const Metric& each : found->metrics)
    parts.push_back(each.name + " " + to_json_number(each.values.back()));
  return join(parts, "  ");
}

std::string Report::to_json(const std::vector<Goal>& goals,
                            const std::vector<Ratio>& ratios) const {
  std::vector<std::string> facts;
  for (const auto& [name, json] : facts_)
    facts.push_back("  " + to_json_string(name) + ": " + json);
  std::vector<std::string> figures;
  for (const Figure& figure : figures_) figures.push_back(to_json(figure, goals));
  std::vector<std::string> ratio_texts;
  for (const Ratio& ratio : ratios)
    if (std::string text = to_json(ratio); !text.empty()) ratio_texts.push_back(std::move(text));
  facts.push_back("  \"figures\": {\n" + join(figures, ",\n") + "\n  }");
  facts.push_back("  \"ratios\": {\n" + join(ratio_texts, ",\n") + "\n  }");
  facts.push_back(to_json_list("notes", notes_));
  facts.push_back(to_json_list("problems", problems_));
  return "{\n" + join(facts, ",\n") + "\n}\n";
}

Report::Metric& Report::metric(std::string_view figure, std::string_view name) {
  auto found = std::find_if(figures_.begin(), figures_.end(),
                            [figure](const Figure& each) { return each.name == figure; });
  if (found == figures_.end())
    found = figures_.insert(found, Figure{.name = std::string(figure), .metrics = {}});
  std::vector<Metric>& metrics = found->metrics;
  auto entry = std::find_if(metrics.begin(), metrics.end(),
                            [name](const Metric& each) { return each.name == name; });
  if (entry == metrics.end())
    entry =
        metrics.insert(entry, Metric{.name = std::string(name), .is_flag = false, .values = {}});
  return *entry;
}

const Report::Figure* Report::find(std::string_view figure) const {
  for (const Figure& each : figures_)
    if (each.name == figure) return &each;
  return nullptr;
}

std::string Report::to_json(const Figure& figure, const std::vector<Goal>& goals) const {
  std::vector<std::string> parts;
  std::vector<std::string> goal_texts;
  for (const Metric& each : figure.metrics) {
    std::vector<std::string> values;
    for (const double value : each.values)
      values.push_back(each.is_flag ? to_json_flag(value != 0) : to_json_number(value));
    const std::string summary = each.is_flag
                                    ? std::string(",\"all\":") + to_json_flag(all_true(each.values))
                                    : ",\"median\":" + to_json_number(median_of(each.values));
    parts.push_back("      " + to_json_string(each.name) + ": {\"values\":[" + join(values, ",") +
                    "]" + summary + "}");
    for (const Goal& goal : goals)
      if (goal.figure == figure.name && goal.metric == each.name)
        goal_texts.push_back("        " + to_json_goal(goal, median_of(each.values)));
  }
  if (!goal_texts.empty())
    parts.push_back("      \"goals\": [\n" + join(goal_texts, ",\n") + "\n      ]");
  return "    " + to_json_string(figure.name) + ": {\n" + join(parts, ",\n") + "\n    }";
}

std::string Report::to_json(const Ratio& ratio) const {
  const std::optional<double> value = median(ratio.figure, ratio.metric);
  const std::optional<double> to = median(ratio.to_figure, ratio.to_metric);
  if (!value || !to || *to <= 0) return {};
  const double quotient = *value / *to;
  std::string text =
      "    " + to_json_string(ratio.name) + ": {\"value\":" + to_json_number(quotient);
  if (ratio.limit > 0) text += "," + to_json_bound(ratio.bound, ratio.limit, quotient);
  return text + "}";
}

std::string to_json_number(double value) {
  if (!std::isfinite(value)) return "null";
  std::array<char, 400> text;  // the largest double has 309 digits before the point
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 3);
  std::string number(text.data(), end.ptr);
  number.erase(number.find_last_not_of('0') + 1);
  if (number.ends_with('.')) number.pop_back();
  return number == "-0" ? "0" : number;
}

std::string to_json_string(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += {'\\', c};
    } else if (byte < 0x20 || byte == 0x7f) {
      json += {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      json += c;
    }
  }
  return json + '"';
}

}  // namespace bench
