// Attempt slots in a memory-mapped file.
#pragma once
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "store/attempt_slots.h"
#include "store/files.h"

namespace reprise::store {

class FileAttemptSlots final : public AttemptSlots {
 public:
  static base::Result<std::unique_ptr<FileAttemptSlots>> open(const std::string& path);
  ~FileAttemptSlots() override;

  const std::vector<AttemptMark>& left_over() const override { return left_over_; }
  void forget_left_over() override;
  Slot take(const AttemptMark& mark) override;
  void release(Slot slot) override;

 private:
  // As it lies in the file. No run: the slot is free.
  struct StoredMark {
    RunNumber run;
    std::uint32_t operation;
    std::uint32_t attempt;
  };
  static_assert(sizeof(StoredMark) == 16);

  FileAttemptSlots(std::string path, File file) : path_(std::move(path)), file_(std::move(file)) {}
  base::Status load();
  base::Status reset();
  void unmap();
  base::Result<std::size_t> trusted_chunks() const;
  base::Status map_next_chunk();
  void add_memory_chunk();
  void adopt(StoredMark* chunk);
  StoredMark& at(Slot slot);
  void clear(Slot slot);

  const std::string path_;
  const File file_;
  std::vector<AttemptMark> left_over_;

  std::mutex mutex_;  // guards what follows
  std::vector<Slot> left_over_slots_;
  std::vector<StoredMark*> chunks_;  // each mapped on its own, so that marks never move
  std::vector<Slot> free_;
};

}  // namespace reprise::store
