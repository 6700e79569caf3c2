#include "store/store_watch.h"

#include <cerrno>
#include <filesystem>
#include <sys/stat.h>

namespace reprise::store {
namespace {

// A relative name keeps meaning this directory when the process changes its working directory.
// Links in the name are kept: one that leads elsewhere now is treated like a renamed directory.
std::string fixed_name(const std::string& path) {
  std::error_code none;
  const auto absolute = std::filesystem::absolute(path, none);
  return none ? std::string() : absolute.string();
}

}  // namespace

StoreWatch::StoreWatch(const StoreDirectory& directory) : directory_(fixed_name(directory.path)) {
  if (directory_.empty()) return;
  const StoreDirectory at{directory_};
  for (const std::string& path :
       {at.journal() + "/data.mdb", at.archive() + "/data.mdb", at.journal() + "/lock.mdb",
        at.archive() + "/lock.mdb", at.format(), at.lock()}) {
    const auto id = id_of(path);
    if (id) files_.push_back({path, *id});
  }
}

base::Status StoreWatch::in_place(const Watched& file) const {
  struct stat info {};
  if (::stat(file.path.c_str(), &info) == 0) {
    if (FileId{info.st_dev, info.st_ino} == file.id) return {};
  } else if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP) {
    return {};
  }
  return base::Error{base::ErrorCode::kStoreMoved,
                     "the store " + directory_ +
                         " was moved, removed or replaced while it was "
                         "open: " +
                         file.path +
                         " is not the file that was opened; what was acknowledged is in that one. "
                         "Put it back, or start with its new name"};
}

base::Status StoreWatch::journal_in_place() const {
  return files_.empty() ? base::Status() : in_place(files_.front());
}

base::Status StoreWatch::in_place() const {
  for (const Watched& file : files_) {
    if (auto there = in_place(file); !there) return there;
  }
  return {};
}

}  // namespace reprise::store
