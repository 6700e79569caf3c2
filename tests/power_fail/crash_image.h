// What may be on the disk when the power fails at some operation of a recording: everything up to
// the last completed sync of each file and directory, and a random part of what came later.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/power_fail/disk_log.h"
#include "tests/support/random.h"

namespace reprise::testing {

// The disk after the first operations of a recording, moved forward one by one.
class CrashImage {
 public:
  CrashImage(const std::vector<DiskOp>& ops, Inode root);

  // The next operation has completed.
  void advance();
  std::size_t position() const { return position_; }

  // Writes one of the possible states into `directory`, which is empty. What is kept of a write
  // that was not synced comes in sectors of 512 B or in pages of 4 KiB; the next operation may have
  // begun.
  void write(const std::string& directory, Random& random) const;

 private:
  struct File {
    bool is_directory = false;
    std::string content;               // durable
    std::vector<const DiskOp*> later;  // not synced, or written over something that is not
  };
  using Names = std::map<Inode, std::map<std::string, Inode>>;  // by directory

  std::string content_of(const File& file, const DiskOp* begun, Random& random) const;
  Names names(Random& random) const;
  void write_directory(const std::string& path,
                       Inode directory,
                       const Names& names,
                       const DiskOp* begun,
                       Random& random) const;
  static void apply(const DiskOp& op, std::string* content);
  static void apply(const DiskOp& op, Names* names);
  bool touches_synced(const DiskOp& op, std::size_t index) const;

  const std::vector<DiskOp>& ops_;
  const Inode root_;
  std::size_t position_ = 0;
  std::map<Inode, File> files_;
  std::vector<std::size_t> name_ops_;        // creations, renames, removals so far
  std::map<Inode, std::size_t> dir_synced_;  // position of each directory's last sync
};

}  // namespace reprise::testing
