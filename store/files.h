// The few file operations that the store does besides LMDB.
#pragma once
#include <string>
#include <string_view>
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

// `flags` as of open(2); close-on-exec is added. New files have mode 0600.
base::Result<File> open_file(const std::string& path, int flags);
base::Result<std::string> read_file(const std::string& path);
base::Status write_file_synced(const std::string& path, std::string_view content);
base::Status make_directory(const std::string& path);
base::Status rename_path(const std::string& from, const std::string& to);
// Absolute, without a slash at its end.
std::string absolute_path(const std::string& path);
std::string parent_of(const std::string& path);
base::Status remove_tree(const std::string& path);
// A file or a directory: the names in a directory are durable only after this.
base::Status sync_path(const std::string& path);

}  // namespace reprise::store
