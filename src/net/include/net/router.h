#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/http.h"

namespace net {

/// What a route asks for.
struct RouteRules {
  std::size_t max_body_bytes = std::size_t{1} << 20;  // after decoding
  bool is_exact = false;       // the path has no slash at its end, and the case of the pattern
  std::string_view too_large;  // a constant, the error of a larger body; empty: with the limit
};

/// One method of one path.
struct Route {
  Method method;
  std::string method_name;
  Handler handler;
  RouteRules rules;
};

/// Finds the handler of a request. Filled before the server starts, then read from every I/O
/// thread.
///
/// Patterns are `/api/sessions/{id}/transcript`; `{n:int}` matches a decimal integer only. One
/// trailing slash and the case of fixed segments do not matter, unless the route is exact. A GET
/// route answers HEAD too. Segments are decoded one by one: `a%2Fb` is one, with a slash in it.
class Router {
 public:
  static constexpr std::size_t kDefaultBodyBytes = RouteRules().max_body_bytes;

  void get(std::string_view pattern, Handler handler);
  void post(std::string_view pattern, Handler handler,
            std::size_t max_body_bytes = kDefaultBodyBytes);
  /// All methods of one path are exact, or none.
  void add(Method method, std::string_view pattern, Handler handler, RouteRules rules = {});

  /// For GET and HEAD of what no pattern matches, such as files.
  void fallback(Handler handler);

  /// The route of `request`, whose params it fills; null when there is none.
  const Route* find(Request& request) const;

  /// The largest body that any route takes.
  std::size_t max_body_bytes() const;

  /// The methods that its path has, as in an Allow header (`GET, HEAD, POST`); empty when no
  /// pattern matches.
  std::string allowed(const Request& request) const;

 private:
  struct Segment {
    std::string text;  // fixed, in lower case; or the name of a parameter
    bool is_parameter = false;
    bool is_integer = false;
  };
  struct Node {
    std::vector<Segment> segments;
    std::vector<Route> routes;
    bool is_exact = false;
  };

  static std::vector<Segment> parse_pattern(std::string_view pattern);
  /// `segments` are as many as the node has.
  static bool matches(const Node& node, const std::vector<std::string_view>& segments);
  void index(const Node& node);
  const Node* find_node(const Request& request, PathParams* params) const;

  std::vector<std::unique_ptr<Node>> nodes_;
  /// By the number of segments; fixed ones win over parameters, so patterns without come first.
  std::vector<std::vector<const Node*>> by_length_;
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  // Patterns without parameters.
  std::unordered_map<std::string, const Node*, TextHash, std::equal_to<>> exact_;
  std::unique_ptr<Route> fallback_;
};

}  // namespace net
