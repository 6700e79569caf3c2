// Attempt slots in a memory-mapped file, which also has a witness for the journal: the newest
// sequence number that was durable. A journal that has lost its newest commits, because an older
// meta page is back, looks sound; only a number kept elsewhere shows the loss. It is written
// without a sync, so it may be too low but never too high.
#pragma once
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "store/attempt_slots.h"
#include "store/files.h"

namespace reprise::store {

// The newest sequence number that the journal once had, from the file at `path`; 0: unknown.
Seq witnessed_seq(const std::string& path);
// kStoreDamaged when the journal once had more than it has now. `witnessed` was read from `path`
// before the journal was read: beside a writer both grow.
base::Status check_not_rolled_back(const std::string& path, Seq witnessed, Seq journal_last);

class FileAttemptSlots final : public AttemptSlots {
 public:
  // `journal_last` is the newest record of the journal; kStoreDamaged if it once had a newer one.
  static base::Result<std::unique_ptr<FileAttemptSlots>> open(const std::string& path,
                                                              Seq journal_last = ~Seq{0});
  ~FileAttemptSlots() override;

  const std::vector<AttemptMark>& left_over() const override { return left_over_; }
  void forget_left_over() override;
  Slot take(const AttemptMark& mark) override;
  void release(Slot slot) override;

  // The journal is durable up to here. One thread.
  void note_durable(Seq seq);

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
  base::Status map_header();
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
  char* header_ = nullptr;  // mapped
  std::vector<AttemptMark> left_over_;

  std::mutex mutex_;  // guards what follows
  std::vector<Slot> left_over_slots_;
  std::vector<StoredMark*> chunks_;  // each mapped separately, so that marks never move
  std::vector<Slot> free_;
};

}  // namespace reprise::store
