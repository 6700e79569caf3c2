#include "tools/history_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace reprise::tools {
namespace {

base::Error failed(const std::string& what, const std::string& path) {
  return {base::ErrorCode::kInvalidOption,
          what + " " + path + ": " + std::strerror(errno) + "; name another file"};
}

}  // namespace

base::Result<std::string> read_file(const std::string& path) {
  std::FILE* const file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
  if (file == nullptr) return failed("cannot read", path);
  std::string bytes;
  char buffer[65'536];
  for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, file)) > 0;) {
    bytes.append(buffer, got);
  }
  const bool whole = std::ferror(file) == 0;
  const base::Result<std::string> read =
      whole ? base::Result<std::string>(std::move(bytes)) : failed("cannot read", path);
  if (file != stdin) std::fclose(file);
  return read;
}

base::Status write_file(const std::string& path, std::string_view bytes) {
  const bool to_stdout = path.empty() || path == "-";
  std::FILE* const file = to_stdout ? stdout : std::fopen(path.c_str(), "wb");
  if (file == nullptr) return failed("cannot write", path);
  const bool written =
      std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size() && std::fflush(file) == 0;
  base::Status status;
  if (!written) status = failed("cannot write", to_stdout ? "stdout" : path);
  if (to_stdout) return status;
  if (std::fclose(file) != 0 && status) status = failed("cannot write", path);
  if (!status) std::remove(path.c_str());
  return status;
}

}  // namespace reprise::tools
