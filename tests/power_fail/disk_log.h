// What a program does to the files below one directory, in order: recorded by standing in for the
// functions of the C library, so that LMDB's writes are seen as well. Writes through a memory map
// are not; the store has none that must survive a power failure.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace reprise::testing {

using Inode = std::uint64_t;

struct DiskOp {
  enum class Kind : std::uint8_t {
    kWrite,     // file, offset, data; `durable`: through an O_SYNC or O_DSYNC descriptor
    kTruncate,  // file, offset: the new size
    kSync,      // file or directory
    kCreate,    // file in directory under name
    kRename,    // file from directory, name to to_directory, to_name
    kRemove,    // file from directory, name
    kPromise,   // no operation: something was acknowledged; `offset` says which promise
  };
  Kind kind{};
  bool durable = false;
  bool is_directory = false;  // kCreate
  Inode file = 0;
  Inode directory = 0;
  Inode to_directory = 0;
  std::uint64_t offset = 0;
  std::string data{};
  std::string name{};
  std::string to_name{};
};

// One at a time, on one thread.
class DiskLog {
 public:
  // Records what happens below `root`, an existing directory named by its real path. `nosync` opens
  // LMDB's environments with MDB_NOSYNC: the control.
  DiskLog(const std::string& root, bool nosync);
  ~DiskLog();
  DiskLog(const DiskLog&) = delete;
  DiskLog& operator=(const DiskLog&) = delete;

  Inode root() const { return root_; }
  void promise(std::uint64_t index);
  std::vector<DiskOp> take() { return std::move(ops_); }

  // For the functions that stand in.
  bool nosync() const { return nosync_; }
  bool covers(const std::string& path) const;
  void add(DiskOp op) { ops_.push_back(std::move(op)); }

 private:
  const std::string path_;
  const bool nosync_;
  Inode root_ = 0;
  std::vector<DiskOp> ops_;
};

}  // namespace reprise::testing
