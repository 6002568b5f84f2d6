#include "net/http_client.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

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

  // As text: Beast's serializer, for these few lines, is 150 KB of code.
  std::string request =
      fmt::format("GET {} HTTP/1.1\r\nHost: {}:{}\r\nConnection: close\r\n", target, host, port);
  if (!bearer_token.empty()) request += "Authorization: Bearer " + bearer_token + "\r\n";
  request += "\r\n";
  asio::write(socket, asio::buffer(request), error);
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
