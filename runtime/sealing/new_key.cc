#include "runtime/sealing/new_key.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "base/printable_text.h"
#include "runtime/sealing/key_file.h"

namespace reprise::sealing {
namespace {

base::Error unwritable(const std::string& path, const std::string& what) {
  return {base::ErrorCode::kStoreUnwritable,
          "the key file " + base::printable_text(path) + " cannot be written: " + what};
}

std::string reason(int error_number) {
  return std::generic_category().message(error_number);
}

// Who owns the file and who may use it. nullopt: there is none.
base::Result<std::optional<struct stat>> find_file(const std::string& path) {
  struct stat about {};
  if (::lstat(path.c_str(), &about) != 0) {
    if (errno == ENOENT) return std::optional<struct stat>();
    return unwritable(path, reason(errno));
  }
  if (!S_ISREG(about.st_mode)) return unwritable(path, "it is a link, or no file");
  return std::optional(about);
}

base::Result<std::string> id_for(const KeyMaterial& keys, std::string_view id) {
  if (!id.empty()) {
    if (auto status = check_key_id(id); !status) return status.error();
    if (!keys.keys.contains(id)) return std::string(id);
    return base::Error{base::ErrorCode::kInvalidKey,
                       "the key file has a key with the id '" + std::string(id) +
                           "' already; an id belongs to one key for ever"};
  }
  for (std::size_t number = 1;; ++number) {
    std::string free = "k" + std::to_string(number);
    if (!keys.keys.contains(free)) return free;
  }
}

base::Status append_random_key(std::string* line) {
  constexpr std::string_view kDigitsOf = "0123456789abcdef";
  std::array<char, kKeyBytes> bytes{};
  if (auto status = random_bytes(bytes); !status) return status;
  const Key key(bytes);  // wipes its copy
  for (std::size_t i = 0; i < kKeyBytes; ++i) {
    *line += kDigitsOf[key.data()[i] >> 4];
    *line += kDigitsOf[key.data()[i] & 15];
  }
  wipe(bytes);
  return {};
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// Owner and mode are those of the file that it will replace.
bool write_new_file(const std::string& path,
                    std::string_view text,
                    const std::optional<struct stat>& like) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return false;
  const bool written = (!like || (::fchown(file, like->st_uid, like->st_gid) == 0 &&
                                  ::fchmod(file, like->st_mode & 0700u) == 0)) &&
                       write_all(file, text) && ::fsync(file) == 0;
  const int error_number = errno;
  ::close(file);
  if (!written) ::unlink(path.c_str());
  errno = error_number;
  return written;
}

// A file that is not there must not have been made by another process since.
bool put_in_place(const std::string& from, const std::string& to, bool replaces) {
  const bool done =
      replaces ? ::rename(from.c_str(), to.c_str()) == 0 : ::link(from.c_str(), to.c_str()) == 0;
  const int error_number = errno;
  if (!done || !replaces) ::unlink(from.c_str());
  errno = error_number;
  return done;
}

bool sync_directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const int file = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return false;
  const bool synced = ::fsync(file) == 0;
  ::close(file);
  return synced;
}

base::Status replace_file(const std::string& path,
                          std::string_view text,
                          const std::optional<struct stat>& old) {
  const std::string unfinished = path + ".unfinished";
  if (!write_new_file(unfinished, text, old)) {
    return unwritable(path, reason(errno) + " (" + base::printable_text(unfinished) + ")");
  }
  if (!put_in_place(unfinished, path, old.has_value()) || !sync_directory_of(path)) {
    return unwritable(path, reason(errno));
  }
  return {};
}

}  // namespace

base::Result<std::string> add_key(const std::string& path, std::string_view id) {
  if (path.empty() || path.find('\0') != path.npos) return unwritable(path, "that is no name");
  auto old = find_file(path);
  if (!old) return old.error();
  KeyFileText rest;
  KeyMaterial keys;
  if (*old) {
    auto read = read_key_file_text(path);
    if (!read) return read.error();
    rest = std::move(read).value();
    auto parsed = parse_key_file(rest.text, path);
    if (!parsed) return parsed.error();
    keys = std::move(parsed).value();
  }
  const auto new_id = id_for(keys, id);
  if (!new_id) return new_id.error();
  KeyFileText text;
  text.text.reserve(rest.text.size() + new_id->size() + 2 * kKeyBytes + 2);
  text.text += *new_id + ' ';
  if (auto status = append_random_key(&text.text); !status) return status.error();
  text.text += '\n';
  text.text += rest.text;
  // It must be readable afterwards: the limits count.
  if (auto status = parse_key_file(text.text, path); !status) return status.error();
  if (auto status = replace_file(path, text.text, *old); !status) return status.error();
  return *new_id;
}

}  // namespace reprise::sealing
