#include "net/static_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <ctime>
#include <filesystem>
#include <functional>
#include <optional>

#include "base/text.h"

namespace net {
namespace {

namespace fs = std::filesystem;

std::string http_date(std::time_t time) {
  std::tm utc{};
  gmtime_r(&time, &utc);
  char text[40];
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc)};
}

std::optional<std::time_t> parse_http_date(std::string_view text) {
  std::tm utc{};
  const std::string copy(text);
  if (!strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &utc)) return std::nullopt;
  return timegm(&utc);
}

struct ByteRange {
  std::size_t first, last;  // inclusive
};
enum class RangeKind { none, valid, unsatisfiable };

/// `bytes=0-99`, `bytes=100-`, `bytes=-100`; several ranges are answered as none.
RangeKind parse_range(std::string_view header, std::size_t size, ByteRange& range) {
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit) || header.find(',') != header.npos) return RangeKind::none;
  header.remove_prefix(kUnit.size());
  const std::size_t dash = header.find('-');
  if (dash == header.npos) return RangeKind::none;
  const auto number = [](std::string_view text, std::size_t& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
  };
  std::size_t first = 0, last = 0;
  const bool has_first = number(header.substr(0, dash), first);
  const bool has_last = number(header.substr(dash + 1), last);
  if (!has_first && !has_last) return RangeKind::none;
  if (!has_first) {  // the last so many bytes
    if (last == 0 || size == 0) return RangeKind::unsatisfiable;
    range = {last >= size ? 0 : size - last, size - 1};
    return RangeKind::valid;
  }
  if (first >= size) return RangeKind::unsatisfiable;
  if (has_last && last < first) return RangeKind::none;
  range = {first, has_last && last < size ? last : size - 1};
  return RangeKind::valid;
}

bool is_unchanged(const Request& request, std::string_view etag, std::time_t modified) {
  if (const std::string_view tags = request.header("if-none-match"); !tags.empty())
    return tags == "*" || tags.find(etag) != tags.npos;
  const auto since = parse_http_date(request.header("if-modified-since"));
  return since && modified <= *since;
}

/// What a request can be answered with, once the file is known.
Response file_response(const Request& request, std::string_view path, std::string etag,
                       std::time_t modified, std::string content) {
  Response response = Response::text(200, content_type_of(path), {});
  response.headers = {{"Cache-Control", "public, max-age=0"},
                      {"Last-Modified", http_date(modified)},
                      {"ETag", etag},
                      {"Accept-Ranges", "bytes"}};
  if (is_unchanged(request, etag, modified)) {
    response.status = 304;
    response.content_type = {};
    return response;
  }
  ByteRange range{};
  // Weak tags, as these are, never let a client add to what it has: RFC 9110 section 13.1.5.
  const bool is_whole = request.method != Method::get || request.has_header("if-range");
  switch (parse_range(is_whole ? "" : request.header("range"), content.size(), range)) {
    case RangeKind::none:
      response.body = std::move(content);
      break;
    case RangeKind::valid:
      response.status = 206;
      response.headers.emplace_back(
          "Content-Range", fmt::format("bytes {}-{}/{}", range.first, range.last, content.size()));
      response.body = content.substr(range.first, range.last - range.first + 1);
      break;
    case RangeKind::unsatisfiable:
      response.status = 416;
      response.headers.emplace_back("Content-Range", fmt::format("bytes */{}", content.size()));
      break;
  }
  return response;
}

Response not_found() { return Response::text(404, {}, {}); }

bool has_hidden_part(std::string_view path) {
  return path.find("/.") != path.npos || path.find('\0') != path.npos ||
         path.find('\\') != path.npos;
}

/// Both without links: what is outside must not even show that it exists.
bool is_inside(const fs::path& path, const fs::path& root) {
  return path == root || path.string().starts_with(root.string() + "/");
}

base::Result<Response> read_file(const std::string& root, const Request& request) {
  std::error_code error;
  const fs::path canonical_root = fs::canonical(root, error);
  if (error) return not_found();
  std::string relative = request.path.substr(1);
  fs::path path = fs::canonical(canonical_root / relative, error);
  if (error || !is_inside(path, canonical_root)) return not_found();
  if (fs::is_directory(path, error)) {
    if (!request.path.ends_with('/')) {
      Response moved = Response::text(301, Response::kHtml, {});
      moved.headers.emplace_back("Location", request.path + "/");
      return moved;
    }
    path = fs::canonical(path / "index.html", error);
    if (error || !is_inside(path, canonical_root)) return not_found();
  }
  const std::string name = path.string();

  const int file = ::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return not_found();
  struct stat info {};
  std::string content;
  bool read = ::fstat(file, &info) == 0 && S_ISREG(info.st_mode) &&
              static_cast<std::size_t>(info.st_size) <= StaticFiles::kMaxFileBytes;
  if (read) {
    content.resize(static_cast<std::size_t>(info.st_size));
    std::size_t done = 0;
    while (done < content.size()) {
      const ssize_t n = ::read(file, content.data() + done, content.size() - done);
      if (n <= 0) break;
      done += static_cast<std::size_t>(n);
    }
    content.resize(done);  // a file that is being written may have become shorter
  }
  ::close(file);
  if (!read) return not_found();
  std::string etag =
      fmt::format("W/\"{:x}-{:x}{:x}\"", info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
  return file_response(request, name, std::move(etag), info.st_mtim.tv_sec, std::move(content));
}

}  // namespace

base::Task<Response> StaticFiles::serve(const Request& request) const {
  if (has_hidden_part(request.path)) co_return not_found();
  std::function<base::Result<Response>(std::size_t)> work = [this, &request](std::size_t) {
    return read_file(root_, request);
  };
  auto response = co_await pool_.run<Response>(std::move(work));
  if (!response) co_return Response::error(503, response.error().what);
  co_return std::move(*response);
}

std::string_view content_type_of(std::string_view path) {
  struct Type {
    std::string_view ending, type;
  };
  static constexpr Type kTypes[] = {
      {".html", Response::kHtml},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".json", Response::kJson},
      {".map", Response::kJson},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".gif", "image/gif"},
      {".webp", "image/webp"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".wasm", "application/wasm"},
      {".txt", "text/plain; charset=utf-8"},
  };
  for (const Type& type : kTypes)
    if (path.ends_with(type.ending)) return type.type;
  return "application/octet-stream";
}

Response embedded_file(const Request& request, std::string_view path, std::string_view content) {
  static const std::time_t kStarted = std::time(nullptr);  // it changes with the program only
  std::string etag =
      fmt::format("W/\"{:x}-{:x}\"", content.size(), std::hash<std::string_view>{}(content));
  return file_response(request, path, std::move(etag), kStarted, std::string(content));
}

}  // namespace net
