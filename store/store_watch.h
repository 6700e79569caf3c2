// Notices when the files of an open store are no longer what its name leads to: the directory was
// renamed or removed, or a file in it replaced. What is written then, nobody would find.
#pragma once
#include <string>
#include <vector>

#include "store/directory.h"

namespace reprise::store {

class StoreWatch {
 public:
  // Takes the files for the right ones that lie there now: to be made when the store is open.
  explicit StoreWatch(const StoreDirectory& directory);

  // kStoreMoved. The first asks for the journal's file only, which is one system call and enough
  // for nearly everything that can happen; so it can be asked after each commit. A file that cannot
  // be looked at, for want of permission say, counts as being there.
  base::Status journal_in_place() const;
  base::Status in_place() const;

 private:
  struct Watched {
    std::string path;
    FileId id;
  };
  base::Status in_place(const Watched& file) const;

  const std::string directory_;
  std::vector<Watched> files_;  // the journal's data first; empty: there is no telling
};

}  // namespace reprise::store
