#include "store/files.h"

#include <cerrno>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

#include "store/file_error.h"

namespace reprise::store {
namespace {

constexpr std::size_t kLongestRead = 64 << 10;

// nullptr: it may be opened.
const char* objection_to(mode_t mode, bool directory_too) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return nullptr;
    case S_IFDIR:
      return directory_too ? nullptr : "a directory";
    case S_IFLNK:
      return "a symbolic link";
    case S_IFIFO:
      return "a pipe";
    case S_IFSOCK:
      return "a socket";
    case S_IFCHR:
    case S_IFBLK:
      return "a device";
    default:
      return "something unknown";
  }
}

base::Error no_file(const std::string& path, const char* what) {
  return {base::ErrorCode::kStoreDamaged,
          path + " is " + what +
              ", where a store has a file of its own; move it away, or use another directory"};
}

FileId id_from(const struct stat& info) {
  return {info.st_dev, info.st_ino};
}

}  // namespace

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

base::Result<FileId> id_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return file_error(errno, "look at", path);
  return id_from(info);
}

base::Result<FileId> id_of(const File& file, const std::string& path) {
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return file_error(errno, "look at", path);
  return id_from(info);
}

// Checked before it is opened, because opening a device or a pipe may have an effect, or wait; and
// after, because it may have been replaced by then.
base::Result<File> open_file(const std::string& path, int flags) {
  const bool writes = (flags & O_ACCMODE) != O_RDONLY;
  struct stat info {};
  const int looked = writes ? ::lstat(path.c_str(), &info) : ::stat(path.c_str(), &info);
  if (looked != 0 && errno != ENOENT) return file_error(errno, "open", path);
  if (looked == 0) {
    const char* const what = objection_to(info.st_mode, !writes);
    if (what != nullptr) return no_file(path, what);
  }
  constexpr int kAlways = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  const int descriptor = ::open(path.c_str(), flags | kAlways | (writes ? O_NOFOLLOW : 0), 0600);
  if (descriptor < 0) return file_error(errno, "open", path);
  File file(descriptor);
  if (::fstat(descriptor, &info) != 0) return file_error(errno, "open", path);
  const char* const what = objection_to(info.st_mode, !writes);
  if (what != nullptr) return no_file(path, what);
  return file;
}

base::Status must_be_a_file(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return {};
    return file_error(errno, "open", path);
  }
  const char* const what = objection_to(info.st_mode, false);
  if (what != nullptr) return no_file(path, what);
  return {};
}

base::Result<std::string> read_file(const std::string& path) {
  auto file = open_file(path, O_RDONLY);
  if (!file) return file.error();
  std::string content;
  char buffer[512];
  while (true) {
    const ssize_t got = ::read(file->get(), buffer, sizeof buffer);
    if (got < 0 && errno == EISDIR) return no_file(path, "a directory");
    if (got < 0) return file_error(errno, "read", path);
    if (got == 0) return content;
    content.append(buffer, static_cast<std::size_t>(got));
    if (content.size() > kLongestRead) return no_file(path, "far too long");
  }
}

base::Status create_file_synced(const std::string& path, std::string_view content) {
  auto file = open_file(path, O_WRONLY | O_CREAT | O_EXCL);
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

base::Status remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return file_error(errno, "remove", path);
  return {};
}

base::Status remove_directory(const std::string& path) {
  if (::rmdir(path.c_str()) != 0 && errno != ENOENT) return file_error(errno, "remove", path);
  return {};
}

// Not with std::filesystem, whose iterator ends the process when there is no memory.
base::Result<std::set<std::string>> names_in(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(path.c_str()), ::closedir);
  if (entries == nullptr) return file_error(errno, "open", path);
  std::set<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace(name);
  }
  if (errno != 0) return file_error(errno, "read", path);
  return names;
}

std::string absolute_path(const std::string& path) {
  std::error_code none;  // the working directory is gone, say
  const auto absolute = std::filesystem::absolute(path, none).lexically_normal();
  if (none || path.empty()) return path;
  // "a/b/" has an empty last component.
  return (absolute.has_filename() ? absolute : absolute.parent_path()).string();
}

std::string parent_of(const std::string& path) {
  return std::filesystem::path(absolute_path(path)).parent_path().string();
}

bool lies_within(const std::string& path, const FileId& directory) {
  std::error_code error;
  auto at = std::filesystem::weakly_canonical(absolute_path(path), error);
  while (!error) {
    const auto id = id_of(at.string());
    if (id && *id == directory) return true;
    if (!at.has_relative_path()) break;
    at = at.parent_path();
  }
  return false;
}

base::Status sync_path(const std::string& path) {
  auto file = open_file(path, O_RDONLY);
  if (!file) return file.error();
  if (::fsync(file->get()) != 0) return file_error(errno, "write", path);
  return {};
}

}  // namespace reprise::store
