// What a program does to the files below one directory, in order: recorded by standing in for the
// functions of the C library, so that LMDB's writes are seen as well. Writes through a memory map
// are not; the store has none that must survive a power failure. The same functions make operations
// fail, as a bad or a full disk would.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace reprise::testing {

using Inode = std::uint64_t;

struct DiskOp {
  enum class Kind : std::uint8_t {
    kWrite,       // file, offset, data; `durable`: through an O_SYNC or O_DSYNC descriptor
    kTruncate,    // file, offset: the new size
    kSync,        // file or directory
    kFailedSync,  // file: whether data written since the last sync is on the disk stays unknown
    kCreate,      // file in directory under name
    kRename,      // file from directory, name to to_directory, to_name
    kRemove,      // file from directory, name
    kPromise,     // not an operation: a promise was made, `offset` is its number
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

// A call that may be made to fail.
enum class DiskCall : std::uint8_t {
  kWrite,
  kMetaWrite,  // through an O_DSYNC descriptor, as LMDB writes its meta pages
  kSync,
  kAllocate,  // space for a file
  kNames,     // creating, renaming, truncating
};

struct DiskFault {
  int error = 0;  // 0: only the first half of a write is done
};

// One at a time; its program may have several threads.
class DiskLog {
 public:
  // Asked before each call; with a fault the call fails.
  using Faults = std::function<std::optional<DiskFault>(DiskCall call, const std::string& path)>;

  // Records what happens below `root`, an existing directory named by its real path. `nosync` opens
  // LMDB's environments with MDB_NOSYNC: the control.
  DiskLog(const std::string& root, bool nosync);
  ~DiskLog();
  DiskLog(const DiskLog&) = delete;
  DiskLog& operator=(const DiskLog&) = delete;

  void set_faults(Faults faults) {
    const std::lock_guard lock(mutex_);
    faults_ = std::move(faults);
  }
  // While the disk is full statvfs() says so.
  void set_full(bool full) { full_ = full; }

  Inode root() const { return root_; }
  void promise(std::uint64_t index);
  std::vector<DiskOp> take() { return std::move(ops_); }

  // For the functions that stand in.
  bool nosync() const { return nosync_; }
  bool covers(const std::string& path) const;
  void add(DiskOp op) {
    const std::lock_guard lock(mutex_);
    ops_.push_back(std::move(op));
  }
  bool full() const { return full_; }
  std::optional<DiskFault> fault(DiskCall call, const std::string& path) {
    const std::lock_guard lock(mutex_);
    return faults_ ? faults_(call, path) : std::nullopt;
  }
  // As the kernel does: each descriptor of a file is told once of each failed writeback.
  void opened(int descriptor, Inode file) {
    const std::lock_guard lock(mutex_);
    told_[descriptor] = failures_[file].count;
  }
  int writeback_error(int descriptor, Inode file);
  void writeback_failed(int descriptor, Inode file, int error);

 private:
  const std::string path_;
  const bool nosync_;
  Inode root_ = 0;
  std::mutex mutex_;  // guards what follows
  std::vector<DiskOp> ops_;
  Faults faults_;
  std::atomic<bool> full_ = false;
  struct Failures {
    int count = 0;
    int error = 0;  // the last one
  };
  std::map<Inode, Failures> failures_;
  std::map<int, int> told_;
};

}  // namespace reprise::testing
