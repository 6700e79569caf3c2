// The few file operations of the store outside LMDB. Nothing is ever written through a symbolic
// link, and only regular files and directories are opened: anything else in a store's directory was
// put there by somebody else.
#pragma once
#include <set>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>

#include "base/result.h"

namespace reprise::store {

// Owns a file descriptor.
class File {
 public:
  File() = default;
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~File();

  int get() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

// The identity of a file, whatever its name.
struct FileId {
  dev_t device = 0;
  ino_t number = 0;
  friend bool operator==(const FileId&, const FileId&) = default;
};
base::Result<FileId> id_of(const std::string& path);  // follows symbolic links
base::Result<FileId> id_of(const File& file, const std::string& path);

// `flags` as of open(2); close-on-exec is added. New files have mode 0600. kStoreDamaged says what
// is there instead of a file.
base::Result<File> open_file(const std::string& path, int flags);
// The same check, for a file that LMDB will open. A missing file is fine.
base::Status must_be_a_file(const std::string& path);
// Of some kilobytes at most.
base::Result<std::string> read_file(const std::string& path);
// It must not be there.
base::Status create_file_synced(const std::string& path, std::string_view content);
base::Status make_directory(const std::string& path);
base::Status rename_path(const std::string& from, const std::string& to);
base::Status remove_file(const std::string& path);       // nothing there is fine
base::Status remove_directory(const std::string& path);  // likewise; it must be empty
// The names in a directory.
base::Result<std::set<std::string>> names_in(const std::string& path);
// Absolute, without a slash at its end.
std::string absolute_path(const std::string& path);
std::string parent_of(const std::string& path);
// Is it the directory, or inside it? `path` need not exist.
bool lies_within(const std::string& path, const FileId& directory);
// A file or a directory: the names in a directory are durable only after this.
base::Status sync_path(const std::string& path);

}  // namespace reprise::store
