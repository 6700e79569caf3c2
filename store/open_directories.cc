#include "store/open_directories.h"

#include <cerrno>
#include <mutex>
#include <set>
#include <sys/stat.h>

#include "store/file_error.h"

namespace reprise::store {
namespace {

struct OpenDirectories {
  std::mutex mutex;
  std::set<std::pair<dev_t, ino_t>> ids;
};

// Never destroyed: a store in a static object may be closed after it would have been.
OpenDirectories& open_directories() {
  static auto* const directories = new OpenDirectories;
  return *directories;
}

}  // namespace

base::Result<DirectoryClaim> DirectoryClaim::claim(const std::string& directory) {
  struct stat info {};
  if (::stat(directory.c_str(), &info) != 0) return file_error(errno, "open", directory);
  const Id id{info.st_dev, info.st_ino};
  OpenDirectories& open = open_directories();
  const std::lock_guard lock(open.mutex);
  if (!open.ids.insert(id).second) {
    return base::Error{base::ErrorCode::kStoreLocked,
                       "the store " + directory +
                           " is already open in this process; use the one that is open, or close "
                           "it first"};
  }
  return DirectoryClaim(id);
}

DirectoryClaim::~DirectoryClaim() {
  if (!id_) return;
  OpenDirectories& open = open_directories();
  const std::lock_guard lock(open.mutex);
  open.ids.erase(*id_);
}

}  // namespace reprise::store
