#include <chrono>

#include "access.h"
#include "base/json_writer.h"
#include "json_body.h"
#include "task_routes.h"

// POST /admin/token of the task server

namespace app {
namespace {

using base::json::Kind;
using base::json::Value;
using net::Request;
using net::Response;

constexpr std::int64_t kDefaultSeconds = 86'400;
constexpr std::int64_t kMostSeconds = std::int64_t{1} << 40;  // some ten thousand years

Response answer(int status, std::string_view text) {
  Response response = Response::error(status, text);
  response.content_type = "application/json";
  return response;
}

std::string text_at(const Value& body, std::string_view name) {
  const auto value = body.is(Kind::object) ? body.find(name) : std::nullopt;
  return value && value->is(Kind::string) ? std::string(value->text()) : std::string();
}

std::int64_t seconds_of(const Value& body) {
  const auto value = body.find("expiresIn");
  if (!value || !value->is(Kind::number)) return kDefaultSeconds;
  const auto seconds = value->to_int();
  return seconds && *seconds > 0 && *seconds < kMostSeconds ? *seconds : kDefaultSeconds;
}

/// The scopes that are asked for, as JSON; all of them when what is asked for is no list of texts.
std::string scopes_of(const Value& body) {
  const auto scopes = body.find("scopes");
  bool are_texts = scopes && scopes->is(Kind::array);
  if (are_texts)
    for (const Value& scope : scopes->elements()) are_texts &= scope.is(Kind::string);
  std::string json;
  if (are_texts) base::json::append_value(json, *scopes);
  return are_texts ? json : R"(["*"])";
}

std::string claims_of(const Value& body, const TaskAuthSettings& auth, std::int64_t now,
                      std::int64_t expires) {
  std::string claims;
  base::json::Writer json(claims);
  json.begin_object().key("sub").value("admin").key("scope").raw(scopes_of(body));
  json.key("taskIds").value("*").key("iat").value(now).key("exp").value(expires);
  // Or the token would not pass where these are looked at.
  if (!auth.issuer.empty()) json.key("iss").value(auth.issuer);
  if (!auth.audience.empty()) json.key("aud").value(auth.audience);
  json.end_object();
  return claims;
}

}  // namespace

base::Task<Response> TaskRoutes::make_admin_token(Request& request, const TaskCaller&) {
  if (!parts_.settings.has_admin_api) co_return answer(404, "Not found");
  const auto body = thread_document().parse(request.body);
  if (!body) co_return answer(400, "Invalid request body");
  const std::string given = text_at(*body, "adminToken");
  if (given.empty() || !equal_secrets(given, parts_.settings.admin_token))
    co_return answer(401, "Invalid admin token");

  const std::int64_t now =
      std::chrono::floor<std::chrono::seconds>(parts_.clock.now()).time_since_epoch().count();
  const std::int64_t expires = now + seconds_of(*body);
  const std::string claims = claims_of(*body, parts_.settings.auth, now, expires);
  const auto token = parts_.access.sign(claims);
  if (!token) {
    Response failed = answer(500, "Failed to sign JWT");
    failed.cause = token.error().what;
    co_return failed;
  }
  std::string text;
  base::json::Writer json(text);
  json.begin_object().key("token").value(*token).key("expiresAt").value(expires).end_object();
  co_return Response::text(200, "application/json", std::move(text));
}

}  // namespace app
