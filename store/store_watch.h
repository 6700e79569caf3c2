// Notices when the name of an open store no longer leads to its files: the directory was renamed or
// removed, or a file in it replaced. Nobody would find what is written then.
#pragma once
#include <string>
#include <vector>

#include "store/directory.h"

namespace reprise::store {

class StoreWatch {
 public:
  // Takes the files that are there now as the right ones: make it when the store is open.
  explicit StoreWatch(const StoreDirectory& directory);

  // kStoreMoved. The first function checks only the journal's file, which takes one system call and
  // covers nearly all cases, so it can be called after each commit. A file that cannot be examined,
  // for lack of permission say, counts as present.
  base::Status journal_in_place() const;
  base::Status in_place() const;

 private:
  struct Watched {
    std::string path;
    FileId id;
  };
  base::Status in_place(const Watched& file) const;

  const std::string directory_;
  std::vector<Watched> files_;  // the journal's data first; empty: unknown
};

}  // namespace reprise::store
