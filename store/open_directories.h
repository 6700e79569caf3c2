// LMDB must not open the same files twice in one process: closing one of the two would drop the
// locks of the other. This is the process's list of the store directories it has open.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/files.h"

namespace reprise::store {

// Keeps its directory in the list while it lives. Thread-safe. A child of fork(2) begins with an
// empty list: it has none of its parent's stores open, whatever objects were copied to it.
class DirectoryClaim {
 public:
  // kStoreLocked when this process has the directory open, under whatever name.
  static base::Result<DirectoryClaim> claim(const std::string& directory);
  DirectoryClaim(DirectoryClaim&& other) noexcept : id_(std::exchange(other.id_, std::nullopt)) {}
  DirectoryClaim& operator=(DirectoryClaim&&) = delete;
  ~DirectoryClaim();

  const FileId& id() const { return *id_; }
  // These are closed in children of fork(2): locks would otherwise last until the last child ends.
  void keep_from_children(const std::vector<int>& descriptors);

 private:
  explicit DirectoryClaim(FileId id) : id_(id) {}
  std::optional<FileId> id_;
};

}  // namespace reprise::store
