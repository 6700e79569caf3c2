#include "store/leftovers.h"

#include <cerrno>
#include <sys/stat.h>

#include "store/file_error.h"

namespace reprise::store {
namespace {

const std::set<std::string>& files_of_a_part() {
  static const auto* const names = new std::set<std::string>{"data.mdb", "lock.mdb"};
  return *names;
}

base::Error not_made_by_us(const std::string& path) {
  return {base::ErrorCode::kStoreUnwritable,
          path +
              " is not what a store that was never finished leaves there; look at it, and move "
              "it away or use another directory"};
}

// True: a directory, and not by way of a link. False: nothing is there.
base::Result<bool> is_own_directory(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return false;
    return file_error(errno, "open", path);
  }
  if (!S_ISDIR(info.st_mode)) return not_made_by_us(path);
  return true;
}

base::Status must_be_a_part(const std::string& path) {
  const auto there = is_own_directory(path);
  if (!there) return there.error();
  if (!*there) return {};
  const auto names = names_in(path);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    const std::string file = path + "/" + name;
    if (!files_of_a_part().contains(name) || !must_be_a_file(file)) return not_made_by_us(file);
  }
  return {};
}

base::Status remove_part(const std::string& path) {
  for (const std::string& name : files_of_a_part()) {
    if (auto removed = remove_file(path + "/" + name); !removed) return removed;
  }
  return remove_directory(path);
}

}  // namespace

base::Status remove_parts(const StoreDirectory& at) {
  if (auto ours = must_be_a_part(at.journal()); !ours) return ours;
  if (auto ours = must_be_a_part(at.archive()); !ours) return ours;
  if (!must_be_a_file(at.format())) return not_made_by_us(at.format());
  if (auto removed = remove_part(at.journal()); !removed) return removed;
  if (auto removed = remove_part(at.archive()); !removed) return removed;
  return remove_file(at.format());
}

base::Status remove_unfinished(const StoreDirectory& at, const std::set<std::string>& others) {
  const auto there = is_own_directory(at.path);
  if (!there) return there.error();
  if (!*there) return {};
  if (auto removed = remove_parts(at); !removed) return removed;
  for (const std::string& name : others) {
    if (auto removed = remove_file(at.path + "/" + name); !removed) return removed;
  }
  return remove_directory(at.path);
}

}  // namespace reprise::store
