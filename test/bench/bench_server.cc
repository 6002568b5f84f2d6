// sightline_bench: starts the server, measures it from outside over real sockets, and prints one
// JSON document. All repeats of all figures run in turn, so that a machine that grows slower while
// they run does not favour one figure over another.

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "figures.h"
#include "goals.h"
#include "lab.h"
#include "machine.h"
#include "report.h"

namespace {

using bench::Error;
using bench::Figure;
using bench::Lab;
using bench::Report;
using bench::Result;
using bench::Scale;
using bench::TempDir;

constexpr int kExitDone = 0;
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

constexpr const char* kUsage =
    "usage: sightline_bench --server PROGRAM [--quick] [--only FIGURE]... [--repeat N]\n"
    "                       [--directory DIR] [--test-folder DIR]\n"
    "\n"
    "  --server PROGRAM  the server to start and measure\n"
    "  --quick           shorter runs, and 100,000 events where a full run takes 1,000,000\n"
    "  --only FIGURE     measure this figure only; may be given several times\n"
    "  --repeat N        how often each figure is measured, 1 to 20 (3)\n"
    "  --directory DIR   where the databases are made: a disk, not memory (TMPDIR, /tmp)\n"
    "  --test-folder DIR the project's tests, for logs to import and programs to compare with;\n"
    "                    those figures are left out without it\n"
    "\n"
    "Prints JSON to standard output and progress to standard error. Exit code 0: everything was\n"
    "measured; 1: something failed, see \"problems\"; 2: wrong usage. A goal that is not reached\n"
    "changes nothing in it.\n";

struct Options {
  std::filesystem::path server;
  std::filesystem::path directory = std::filesystem::temp_directory_path();
  std::filesystem::path test_folder;
  std::vector<std::string> only;
  int repeat = 3;
  bool quick = false;
  bool help = false;
};

std::string figure_names() {
  std::string names;
  for (const Figure& figure : bench::figures()) names += " " + std::string(figure.name);
  return names;
}

bool is_figure(const std::string& name) {
  return std::any_of(bench::figures().begin(), bench::figures().end(),
                     [&name](const Figure& figure) { return figure.name == name; });
}

Result<void> set_value(Options& options, const std::string& name, const std::string& value) {
  if (name == "--server") {
    options.server = std::filesystem::absolute(value);
  } else if (name == "--directory") {
    options.directory = std::filesystem::absolute(value);
  } else if (name == "--test-folder") {
    options.test_folder = std::filesystem::absolute(value);
  } else if (name == "--only") {
    if (!is_figure(value)) return Error{"no figure " + value + "; there are:" + figure_names()};
    options.only.push_back(value);
  } else if (name == "--repeat") {
    const char* end = value.data() + value.size();
    const auto [after, error] = std::from_chars(value.data(), end, options.repeat);
    if (error != std::errc{} || after != end || options.repeat < 1 || options.repeat > 20)
      return Error{"--repeat takes a number from 1 to 20, not " + value};
  } else {
    return Error{"unknown option " + name};
  }
  return {};
}

Result<Options> parse_options(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    if (name == "--help" || name == "-h") {
      options.help = true;
      return options;
    }
    if (name == "--quick") {
      options.quick = true;
      continue;
    }
    if (i + 1 == arguments.size()) return Error{name + " is unknown or lacks its value"};
    TRY_OK(set_value(options, name, arguments[++i]));
  }
  if (options.server.empty()) return Error{"--server is missing"};
  if (!std::filesystem::is_regular_file(options.server))
    return Error{"there is no program " + options.server.string()};
  return options;
}

void describe_run(const Options& options, Report& report) {
  report.set("bench", "\"sightline_bench\"");
  report.set("quick", options.quick ? "true" : "false");
  report.set("repeats", std::to_string(options.repeat));
  report.set("machine", bench::describe_machine(options.directory));
  if (bench::filesystem_name(options.directory) == "tmpfs")
    report.add_problem("directory", "it is in memory: durable writes cost nothing there");
}

bool is_chosen(const Options& options, const Figure& figure) {
  return options.only.empty() ||
         std::find(options.only.begin(), options.only.end(), figure.name) != options.only.end();
}

// More than this of a core taken by something else, and the run should be made again.
constexpr double kQuietCores = 0.25;

void report_other_use(const bench::OtherUse& other, Report& report) {
  const double cores = other.cores();
  report.set("other_cores", bench::to_json_number(cores));
  if (cores > kQuietCores)
    std::cerr << "something else used " << bench::to_json_number(cores)
              << " cores meanwhile: the figures are worth little\n";
}

void measure_all(const Options& options, Lab& lab, Report& report) {
  for (int repeat = 1; repeat <= options.repeat; ++repeat) {
    for (const Figure& figure : bench::figures()) {
      if (!is_chosen(options, figure)) continue;
      if (bench::stop_requested()) return;
      std::cerr << "[" << repeat << "/" << options.repeat << "] " << figure.name << std::flush;
      if (Result<void> done = figure.measure(lab, report); !done.ok()) {
        report.add_problem(figure.name, done.error().what);
        std::cerr << "  failed: " << done.error().what << "\n";
      } else {
        std::cerr << "  " << report.last_values(figure.name) << "\n";
      }
    }
  }
}

}  // namespace

int main(int count, char** values) {
  Result<Options> parsed = parse_options({values + 1, values + count});
  if (!parsed.ok()) {
    std::cerr << "sightline_bench: " << parsed.error().what << "\n\n" << kUsage;
    return kExitUsage;
  }
  const Options options = std::move(parsed).value();
  if (options.help) {
    std::cout << kUsage << "\nfigures:" << figure_names() << "\n";
    return kExitDone;
  }
  bench::catch_stop_signals();
  Result<std::unique_ptr<TempDir>> created = TempDir::create(options.directory);
  if (!created.ok()) {
    std::cerr << "sightline_bench: " << created.error().what << "\n";
    return kExitFailed;
  }
  const std::unique_ptr<TempDir> directory = std::move(created).value();
  Report report;
  describe_run(options, report);
  Lab lab(options.server, directory->path(), options.test_folder,
          options.quick ? Scale::quick() : Scale::full());
  const bench::OtherUse other_use;
  measure_all(options, lab, report);
  report_other_use(other_use, report);
  std::cout << report.to_json(bench::goals(), bench::ratios());
  return report.has_problems() || bench::stop_requested() ? kExitFailed : kExitDone;
}
