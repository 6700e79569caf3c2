#include "store/files.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "store/file_error.h"

namespace reprise::store {

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

base::Result<File> open_file(const std::string& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (descriptor < 0) return file_error(errno, "open", path);
  return File(descriptor);
}

base::Result<std::string> read_file(const std::string& path) {
  auto file = open_file(path, O_RDONLY);
  if (!file) return file.error();
  std::string content;
  char buffer[512];
  while (true) {
    const ssize_t got = ::read(file->get(), buffer, sizeof buffer);
    if (got < 0) return file_error(errno, "read", path);
    if (got == 0) return content;
    content.append(buffer, static_cast<std::size_t>(got));
  }
}

base::Status write_file_synced(const std::string& path, std::string_view content) {
  auto file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file) return file.error();
  while (!content.empty()) {
    const ssize_t written = ::write(file->get(), content.data(), content.size());
    if (written < 0) return file_error(errno, "write", path);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file->get()) != 0) return file_error(errno, "write", path);
  return {};
}

base::Status make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0) return file_error(errno, "create", path);
  return {};
}

base::Status rename_path(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) return file_error(errno, "create", to);
  return {};
}

std::string absolute_path(const std::string& path) {
  const auto absolute = std::filesystem::absolute(path).lexically_normal();
  // "a/b/" has an empty last component.
  return (absolute.has_filename() ? absolute : absolute.parent_path()).string();
}

std::string parent_of(const std::string& path) {
  return std::filesystem::path(absolute_path(path)).parent_path().string();
}

base::Status remove_tree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return file_error(error.value(), "remove", path);
  return {};
}

base::Status sync_path(const std::string& path) {
  auto file = open_file(path, O_RDONLY);
  if (!file) return file.error();
  if (::fsync(file->get()) != 0) return file_error(errno, "write", path);
  return {};
}

}  // namespace reprise::store
