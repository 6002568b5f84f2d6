#include "net/http_client.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace net {

namespace asio = boost::asio;
namespace http = boost::beast::http;

base::Result<ClientResponse> http_get(const std::string& host, std::uint16_t port,
                                      const std::string& target, const std::string& bearer_token,
                                      std::chrono::milliseconds time_limit) {
  constexpr std::size_t kMaxBody = std::size_t{64} << 20;
  boost::system::error_code error;
  const auto failed = [&] {
    return base::Error{base::Errc::unavailable,
                       fmt::format("no answer from http://{}:{}: {}", host, port, error.message())};
  };
  asio::io_context context;
  asio::ip::tcp::socket socket(context);
  const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
  if (error) return failed();
  socket.open(address.is_v6() ? asio::ip::tcp::v6() : asio::ip::tcp::v4(), error);
  if (error) return failed();
  const timeval limit{time_limit.count() / 1000, time_limit.count() % 1000 * 1000};
  ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  socket.connect({address, port}, error);
  if (error) return failed();

  http::request<http::empty_body> request(http::verb::get, target, 11);
  request.set(http::field::host, fmt::format("{}:{}", host, port));
  request.set(http::field::connection, "close");
  if (!bearer_token.empty()) request.set(http::field::authorization, "Bearer " + bearer_token);
  http::write(socket, request, error);
  if (error) return failed();
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kMaxBody);
  http::read(socket, buffer, parser, error);
  if (error) return failed();
  return ClientResponse{static_cast<int>(parser.get().result_int()),
                        std::move(parser.get().body())};
}

}  // namespace net
