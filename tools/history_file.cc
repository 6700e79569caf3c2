#include "tools/history_file.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace reprise::tools {
namespace {

base::Error failed(const std::string& what, const std::string& path) {
  return {base::ErrorCode::kInvalidOption, what + " " + (path.empty() ? "''" : path) + ": " +
                                               std::strerror(errno) + "; name another file"};
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// Writes to a file that we have created, and removes it if it cannot be completed. Closes it.
base::Status finish(int file, const std::string& path, std::string_view bytes) {
  bool written = write_all(file, bytes);
  base::Error why = failed("cannot write", path);
  if (::close(file) != 0 && written) {
    written = false;
    why = failed("cannot write", path);
  }
  if (written) return {};
  ::unlink(path.c_str());
  return why;
}

base::Status write_new(const std::string& path, std::string_view bytes) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0) return failed("cannot write", path);
  return finish(file, path, bytes);
}

// An existing file stays until the new content is complete. Of a link the target is replaced, not
// the link.
base::Status replace(const std::string& path, mode_t mode, std::string_view bytes) {
  std::error_code none;
  const std::string real = std::filesystem::canonical(path, none).string();
  std::string beside = real + ".XXXXXX";
  const int file = ::mkostemp(beside.data(), O_CLOEXEC);
  if (file < 0) return failed("cannot write beside", path);
  (void)::fchmod(file, mode);
  if (auto written = finish(file, beside, bytes); !written) return written;
  if (std::rename(beside.c_str(), real.c_str()) == 0) return {};
  const base::Error why = failed("cannot write", path);
  ::unlink(beside.c_str());
  return why;
}

// A device or a pipe: it is written to, and must not be removed.
base::Status write_into(const std::string& path, std::string_view bytes) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
  if (file < 0) return failed("cannot write", path);
  const bool written = write_all(file, bytes);
  const base::Error why = failed("cannot write", path);
  const bool closed = ::close(file) == 0;
  return written && closed ? base::Status() : why;
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
  if (path.empty() || path == "-") {
    const bool written = std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() &&
                         std::fflush(stdout) == 0;
    return written ? base::Status() : failed("cannot write", "stdout");
  }
  struct stat info {};
  const bool there = ::stat(path.c_str(), &info) == 0;
  if (!there) return write_new(path, bytes);
  return S_ISREG(info.st_mode) ? replace(path, info.st_mode & 07777, bytes)
                               : write_into(path, bytes);
}

}  // namespace reprise::tools
