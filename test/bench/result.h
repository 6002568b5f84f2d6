#pragma once

#include <optional>
#include <string>
#include <utility>

namespace bench {

/// Why a measurement could not be made. `what` is for a person: lower case, with the value.
struct Error {
  std::string what;

  /// The same failure with the name of what was being done: "context: what".
  Error within(const std::string& context) && { return Error{context + ": " + what}; }
};

/// Either a T or an Error, as base::Result is; the benchmarks link none of the program's modules,
/// so that they measure every build of it, and other servers, from outside.
template <class T = void>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return value_.has_value(); }
  const T& value() const& { return *value_; }
  T&& value() && { return std::move(*value_); }
  Error& error() { return error_; }
  const Error& error() const { return error_; }

 private:
  std::optional<T> value_;
  Error error_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}

  bool ok() const { return ok_; }
  Error& error() { return error_; }
  const Error& error() const { return error_; }

 private:
  Error error_;
  bool ok_ = true;
};

}  // namespace bench

#define BENCH_CONCAT_(a, b) a##b
#define BENCH_CONCAT(a, b) BENCH_CONCAT_(a, b)
#define BENCH_TRY_(result, decl, expr)                \
  auto result = (expr);                               \
  if (!result.ok()) return std::move(result.error()); \
  decl = std::move(result).value()

/// TRY(auto x, f()): takes the value out of a Result, or returns its error from this function.
#define TRY(decl, expr) BENCH_TRY_(BENCH_CONCAT(try_result_, __LINE__), decl, expr)
#define TRY_OK(expr) \
  if (auto try_result_ = (expr); !try_result_.ok()) return std::move(try_result_.error())
