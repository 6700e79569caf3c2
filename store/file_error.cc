#include "store/file_error.h"

#include <cerrno>
#include <system_error>

namespace reprise::store {
namespace {

struct Meaning {
  base::ErrorCode code;
  const char* advice;
};

Meaning meaning_of(int error_number) {
  switch (error_number) {
    case EACCES:
    case EPERM:
      return {base::ErrorCode::kStoreUnwritable,
              "give this user access to it, or use another directory"};
    case EROFS:
      return {base::ErrorCode::kStoreUnwritable, "use a directory on a writable file system"};
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return {base::ErrorCode::kStoreFull, "make room on the disk"};
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
      return {base::ErrorCode::kStoreMissing, "check the path"};
    case EEXIST:
    case ENOTEMPTY:
      return {base::ErrorCode::kStoreUnwritable,
              "something else is there; move it away, or use another directory"};
    case EMFILE:
    case ENFILE:
      return {base::ErrorCode::kNoResources,
              "close files that are not needed, or raise the limit of open files (ulimit -n)"};
    case ENOMEM:
    case EAGAIN:
      return {base::ErrorCode::kNoResources,
              "use less memory, or raise the limits of memory and address space (ulimit -v, the "
              "container's)"};
    default:
      return {base::ErrorCode::kStoreIo, "check the disk and start again"};
  }
}

}  // namespace

base::Error file_error(int error_number, std::string_view doing, const std::string& path) {
  const Meaning meaning = meaning_of(error_number);
  return {meaning.code, "cannot " + std::string(doing) + " " + path + ": " +
                            std::generic_category().message(error_number) + "; " + meaning.advice};
}

}  // namespace reprise::store
