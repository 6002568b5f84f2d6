#include "net/router.h"

#include <algorithm>
#include <charconv>

#include "base/assert.h"
#include "base/text.h"

namespace net {
namespace {

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == path.npos) break;
    path.remove_prefix(slash + 1);
  }
  return segments;
}

/// The decoded segments of a request's path; `decoded` holds those that are not in it as they are.
std::vector<std::string_view> split(const Request& request, std::vector<std::string>& decoded) {
  if (request.raw_path.find('%') == request.raw_path.npos) return split(request.path);
  std::vector<std::string_view> segments = split(request.raw_path);
  decoded.reserve(segments.size());
  for (std::string_view& segment : segments)
    segment = decoded.emplace_back(percent_decode(segment).value_or(std::string(segment)));
  return segments;
}

std::string_view method_name(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::delete_:
      return "DELETE";
    case Method::options:
      return "OPTIONS";
    case Method::other:
      return "";
  }
  return "";
}

bool is_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

void Router::get(std::string_view pattern, Handler handler) {
  add(Method::get, pattern, std::move(handler));
}

void Router::post(std::string_view pattern, Handler handler, std::size_t max_body_bytes) {
  RouteRules rules;
  rules.max_body_bytes = max_body_bytes;
  add(Method::post, pattern, std::move(handler), rules);
}

void Router::add(Method method, std::string_view pattern, Handler handler, RouteRules rules) {
  std::vector<Segment> segments = parse_pattern(pattern);
  const auto same = [&](const auto& node) {
    return std::equal(node->segments.begin(), node->segments.end(), segments.begin(),
                      segments.end(), [](const Segment& a, const Segment& b) {
                        return a.text == b.text && a.is_parameter == b.is_parameter;
                      });
  };
  auto node = std::find_if(nodes_.begin(), nodes_.end(), same);
  if (node == nodes_.end()) {
    nodes_.push_back(std::make_unique<Node>());
    node = nodes_.end() - 1;
    (*node)->segments = std::move(segments);
    (*node)->is_exact = rules.is_exact;
    index(**node);
  }
  ASSERT((*node)->is_exact == rules.is_exact);
  (*node)->routes.push_back({method, std::string(method_name(method)), std::move(handler), rules});
  if (pattern.find('{') == pattern.npos) exact_.emplace(pattern, node->get());
}

void Router::index(const Node& node) {
  const std::size_t count = node.segments.size();
  if (by_length_.size() <= count) by_length_.resize(count + 1);
  auto& peers = by_length_[count];
  const auto has_parameter = [](const Node* peer) {
    return std::any_of(peer->segments.begin(), peer->segments.end(),
                       [](const Segment& segment) { return segment.is_parameter; });
  };
  const auto behind =
      has_parameter(&node) ? peers.end() : std::find_if(peers.begin(), peers.end(), has_parameter);
  peers.insert(behind, &node);
}

void Router::fallback(Handler handler) {
  fallback_ =
      std::make_unique<Route>(Route{Method::get, "GET", std::move(handler), {0, false, {}}});
}

const Route* Router::find(Request& request) const {
  const Method method = request.method == Method::head ? Method::get : request.method;
  if (const Node* node = find_node(request, &request.params))
    for (const Route& route : node->routes)
      if (route.method == method) return &route;
  return method == Method::get ? fallback_.get() : nullptr;
}

std::size_t Router::max_body_bytes() const {
  std::size_t largest = kDefaultBodyBytes;
  for (const auto& node : nodes_)
    for (const Route& route : node->routes) largest = std::max(largest, route.rules.max_body_bytes);
  return largest;
}

std::string Router::allowed(const Request& request) const {
  std::string methods;
  const Node* node = find_node(request, nullptr);
  if (!node) return methods;
  for (const Route& route : node->routes) {
    if (!methods.empty()) methods += ", ";
    methods += route.method_name;
    if (route.method == Method::get) methods += ", HEAD";
  }
  return methods;
}

std::vector<Router::Segment> Router::parse_pattern(std::string_view pattern) {
  std::vector<Segment> segments;
  for (std::string_view part : split(pattern)) {
    if (!part.starts_with('{')) {
      segments.push_back({base::to_lower(part)});
      continue;
    }
    ASSERT(part.ends_with('}'));
    part = part.substr(1, part.size() - 2);
    const std::size_t colon = part.find(':');
    const std::string_view type = colon == part.npos ? std::string_view() : part.substr(colon + 1);
    ASSERT(type.empty() || type == "int");
    segments.push_back({std::string(part.substr(0, colon)), true, !type.empty()});
  }
  return segments;
}

bool Router::matches(const Node& node, const std::vector<std::string_view>& segments) {
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const Segment& expected = node.segments[i];
    if (expected.is_parameter) {
      if (segments[i].empty() || (expected.is_integer && !is_integer(segments[i]))) return false;
    } else if (node.is_exact ? expected.text != segments[i]
                             : !base::iequals(expected.text, segments[i])) {
      return false;
    }
  }
  return true;
}

const Router::Node* Router::find_node(const Request& request, PathParams* params) const {
  if (const auto found = exact_.find(request.path); found != exact_.end()) return found->second;
  std::vector<std::string> decoded;
  const std::vector<std::string_view> segments = split(request, decoded);
  if (segments.size() >= by_length_.size()) return nullptr;
  const auto& peers = by_length_[segments.size()];
  const bool ends_in_slash = request.raw_path.size() > 1 && request.raw_path.ends_with('/');
  const auto found = std::find_if(peers.begin(), peers.end(), [&](const Node* node) {
    return !(node->is_exact && ends_in_slash) && matches(*node, segments);
  });
  if (found == peers.end()) return nullptr;
  const Node& node = **found;
  if (params)
    for (std::size_t i = 0; i < segments.size(); ++i)
      if (node.segments[i].is_parameter)
        params->add(node.segments[i].text, std::string(segments[i]));
  return &node;
}

}  // namespace net
