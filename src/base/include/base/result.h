#pragma once

#include <string>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace base {

/// What a caller can do about a failure, not where it happened.
enum class Errc {
  invalid_argument,  // the request is wrong: change it
  not_found,         // there is no such thing
  conflict,          // it is there already, or in a state that forbids this
  gone,              // it was there and will not come back
  unavailable,       // disk full, busy past the deadline, network away: try again later
  cancelled,         // the caller, or a stop, ended it
  corrupt,           // stored data or a peer broke its format
};

/// A failure as a value. `what` is for a person: lower case, with the offending value.
struct Error {
  Errc code = Errc::corrupt;
  std::string what;

  /// The same failure seen from one module higher: "context: what".
  Error within(std::string_view context) && {
    what.insert(0, ": ").insert(0, context);
    return std::move(*this);
  }
};

/// Either a T or an Error. Reading the side that is not there is a bug.
template <class T = void>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return ok(); }
  bool ok() const { return state_.index() == 0; }

  T& value() & {
    ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    ASSERT(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  Error& error() {
    ASSERT(!ok());
    return *std::get_if<1>(&state_);
  }
  const Error& error() const {
    ASSERT(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}

  explicit operator bool() const { return ok_; }
  bool ok() const { return ok_; }
  void value() const { ASSERT(ok_); }

  Error& error() {
    ASSERT(!ok_);
    return error_;
  }
  const Error& error() const {
    ASSERT(!ok_);
    return error_;
  }

 private:
  Error error_;
  bool ok_ = true;
};

}  // namespace base

#define BASE_CONCAT_(a, b) a##b
#define BASE_CONCAT(a, b) BASE_CONCAT_(a, b)

#define BASE_TRY_(result, decl, expr, leave)         \
  auto result = (expr);                              \
  if (!result.ok()) leave std::move(result.error()); \
  decl = std::move(result).value()

#define BASE_TRY_OK_(result, expr, leave) \
  if (auto result = (expr); !result.ok()) leave std::move(result.error())

/// TRY(auto x, f()): takes the value out of a Result, or returns its error from this function.
#define TRY(decl, expr) BASE_TRY_(BASE_CONCAT(try_result_, __LINE__), decl, expr, return )
#define TRY_OK(expr) BASE_TRY_OK_(BASE_CONCAT(try_result_, __LINE__), expr, return )

/// The same inside a coroutine.
#define CO_TRY(decl, expr) BASE_TRY_(BASE_CONCAT(try_result_, __LINE__), decl, expr, co_return )
#define CO_TRY_OK(expr) BASE_TRY_OK_(BASE_CONCAT(try_result_, __LINE__), expr, co_return )
