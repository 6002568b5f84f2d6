#include "task_access.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "access.h"

namespace app {
namespace {

using base::Errc;
using base::Error;
using base::json::Kind;
using net::Request;
using net::Response;

constexpr std::size_t kMaxKeyFileBytes = std::size_t{256} << 10;

base::Result<std::string> read_key_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxKeyFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.empty() || text.size() > kMaxKeyFileBytes)
    return Error{Errc::invalid_argument,
                 fmt::format("auth.jwt.publicKeyFile {} cannot be read, is empty or larger than "
                             "256 KiB",
                             path)};
  return text;
}

/// The strings of an array; nothing when it is none.
std::optional<std::vector<std::string>> texts(const base::json::Value& value) {
  if (!value.is(Kind::array)) return std::nullopt;
  std::vector<std::string> out;
  for (const base::json::Value& element : value.elements())
    if (element.is(Kind::string)) out.emplace_back(element.text());
  return out;
}

Response unauthorized(std::string_view text) {
  Response response = Response::error(401, text);
  response.content_type = "application/json";
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

TaskCaller everyone() {
  TaskCaller caller;
  caller.may_all = true;
  return caller;
}

}  // namespace

std::string_view name(TaskScope scope) {
  switch (scope) {
    case TaskScope::anyone:
      return "";
    case TaskScope::task_create:
      return "task:create";
    case TaskScope::task_manage:
      return "task:manage";
    case TaskScope::event_publish:
      return "event:publish";
    case TaskScope::event_subscribe:
      return "event:subscribe";
    case TaskScope::event_history:
      return "event:history";
    case TaskScope::task_resolve:
      return "task:resolve";
  }
  return "";
}

bool TaskCaller::may(TaskScope scope) const {
  if (may_all) return true;
  const std::string_view needed = name(scope);
  return std::any_of(scopes.begin(), scopes.end(),
                     [&](const std::string& has) { return has == "*" || has == needed; });
}

bool TaskCaller::may(TaskScope scope, std::string_view task_id) const {
  const bool is_theirs =
      !task_ids || std::find(task_ids->begin(), task_ids->end(), task_id) != task_ids->end();
  return is_theirs && may(scope);
}

base::Result<TaskAccess> TaskAccess::create(const TaskAuthSettings& settings) {
  TaskAccess access(settings);
  if (settings.mode == TaskAuthSettings::Mode::none) return access;
  const auto algorithm = net::parse_jwt_algorithm(settings.algorithm);
  if (!algorithm)
    return Error{Errc::invalid_argument,
                 fmt::format("auth.jwt.algorithm \"{}\" is unknown; expected HS256, RS256, PS256, "
                             "ES256 (or with 384, 512), or EdDSA",
                             settings.algorithm)};
  net::JwtSettings keys;
  keys.algorithm = algorithm;
  keys.issuer = settings.issuer;
  keys.audience = settings.audience;
  keys.clock_skew = settings.clock_skew;
  if (!settings.secret.empty()) {
    keys.secret = settings.secret;
    access.signing_ = algorithm;
  } else if (!settings.public_key.empty()) {
    keys.public_keys = settings.public_key;
  } else if (!settings.public_key_file.empty()) {
    TRY(keys.public_keys, read_key_file(settings.public_key_file));
  } else {
    return Error{Errc::invalid_argument,
                 "auth.mode jwt needs auth.jwt.secret, publicKey or publicKeyFile"};
  }
  auto verifier = net::JwtVerifier::create(keys);
  if (!verifier) return std::move(verifier.error()).within("auth.jwt");
  access.verifier_.emplace(std::move(*verifier));
  return access;
}

base::Result<std::string> TaskAccess::sign(std::string_view claims) const {
  if (!signing_) return std::string();
  return net::sign_jwt(*signing_, settings_.secret, claims);
}

/// Nobody when the token does not hold, or its claims are of another kind than they have to be.
std::optional<TaskCaller> TaskAccess::caller_of(std::string_view token, base::Time now) const {
  static thread_local base::json::Document document;
  const auto claims = verifier_->verify(token, now, document);
  if (!claims) return std::nullopt;
  TaskCaller caller;
  if (const auto subject = claims->find("sub"); subject && subject->is(Kind::string))
    caller.subject = subject->text();
  if (const auto scope = claims->find("scope")) {
    auto scopes = texts(*scope);
    if (!scopes) return std::nullopt;
    caller.scopes = std::move(*scopes);
  }
  const auto ids = claims->find("taskIds");
  if (ids && !(ids->is(Kind::string) && ids->text() == "*")) {
    caller.task_ids = texts(*ids);
    if (!caller.task_ids) return std::nullopt;
  }
  return caller;
}

std::variant<TaskCaller, Response> TaskAccess::authenticate(const Request& request,
                                                            base::Time now) const {
  if (request.has_header("x-taskcast-service-key") && !settings_.services.empty()) {
    const std::string_view key = request.header("x-taskcast-service-key");
    const TaskAuthSettings::Service* found = nullptr;
    for (const TaskAuthSettings::Service& service : settings_.services)
      if (equal_secrets(key, service.key)) found = &service;
    if (!found) return unauthorized("Invalid service key");
    return TaskCaller{"svc:" + found->name, false, found->scopes, found->task_ids};
  }
  if (settings_.mode == TaskAuthSettings::Mode::none) return everyone();
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view header = request.header("authorization");
  if (!header.starts_with(kScheme)) return unauthorized("Missing Bearer token");
  auto caller = caller_of(header.substr(kScheme.size()), now);
  if (!caller) return unauthorized("Invalid or expired token");
  return std::move(*caller);
}

}  // namespace app
