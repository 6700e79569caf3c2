#include "store/directory.h"

#include <cerrno>
#include <charconv>
#include <set>
#include <sys/stat.h>

#include "store/file_error.h"

namespace reprise::store {
namespace {

constexpr std::string_view kFormatLine = "reprise store, format ";

base::Error missing(const std::string& message) {
  return {base::ErrorCode::kStoreMissing, message};
}

base::Error not_ours(const std::string& path, const std::string& other) {
  return missing(path + " is not empty and holds no Reprise store (" + other +
                 " is in it); name another directory");
}

base::Error format_lost(const std::string& path) {
  return {base::ErrorCode::kStoreDamaged,
          "the store " + path + " has lost its file FORMAT; restore the store from a backup"};
}

// For a directory without FORMAT. `creating` distinguishes an unfinished creation from a store that
// has lost its FORMAT, whose data must not be touched.
base::Result<DirectoryContent> content_without_format(const std::string& path,
                                                      const std::set<std::string>& names) {
  const bool unfinished = names.contains("creating");
  const bool both_parts = names.contains("journal") && names.contains("archive");
  for (const std::string& name : names) {
    if (name == "LOCK" || name == "creating") continue;
    const bool part = name == "journal" || name == "archive";
    if (part && unfinished) continue;
    return both_parts ? format_lost(path) : not_ours(path, name);
  }
  return DirectoryContent::kEmpty;
}

// Another process may be creating the store: FORMAT may appear, and `creating` go, after this has
// looked for them. An odd state counts only when it is seen twice.
base::Result<DirectoryContent> content_of(const std::string& path) {
  auto names = names_in(path);
  while (names) {
    if (names->contains("FORMAT")) return DirectoryContent::kStore;
    const auto content = content_without_format(path, *names);
    if (content) return content;
    auto again = names_in(path);
    if (again && *again == *names) return content.error();
    names = std::move(again);
  }
  return names.error();
}

}  // namespace

base::Result<DirectoryContent> look_into(const StoreDirectory& directory) {
  const std::string& path = directory.path;
  if (path.empty()) return missing("the name of the store's directory is empty; give one");
  if (path.find('\0') != std::string::npos) {
    return missing("the name of the store's directory has a zero byte in it; give another");
  }
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return DirectoryContent::kNothing;
    return file_error(errno, "open", path);
  }
  if (!S_ISDIR(info.st_mode)) {
    return missing(path + " is a file, not a directory; a store needs a directory of its own");
  }
  return content_of(path);
}

base::Result<StoreIdentity> read_identity(const StoreDirectory& directory) {
  const auto content = read_file(directory.format());
  if (!content) return content.error();
  const std::string_view text = *content;
  const auto line_end = text.find('\n');
  if (!text.starts_with(kFormatLine) || line_end == std::string_view::npos) {
    return missing(directory.path + " holds no Reprise store: " + directory.format() +
                   " does not say so; name another directory");
  }
  int format = 0;
  const char* const end = text.data() + line_end;
  const auto parsed = std::from_chars(text.data() + kFormatLine.size(), end, format);
  if (parsed.ec != std::errc() || parsed.ptr != end || format < 1) {
    return base::Error{base::ErrorCode::kStoreDamaged,
                       directory.format() + " is damaged; restore the store from a backup"};
  }
  if (format > kStoreFormat) {
    return base::Error{base::ErrorCode::kStoreOtherFormat,
                       "the store " + directory.path + " has format " + std::to_string(format) +
                           ", this program reads up to format " + std::to_string(kStoreFormat) +
                           "; use the newer version of Reprise that wrote it"};
  }
  if (format < kStoreFormat) {
    return base::Error{base::ErrorCode::kStoreOtherFormat,
                       "the store " + directory.path + " has format " + std::to_string(format) +
                           ", which no release of Reprise has written; this program reads format " +
                           std::to_string(kStoreFormat) + "; make the store anew"};
  }
  std::string_view uuid = text.substr(line_end + 1);
  if (uuid.starts_with("uuid ")) uuid.remove_prefix(5);
  return StoreIdentity{std::string(uuid.substr(0, uuid.find('\n')))};
}

}  // namespace reprise::store
