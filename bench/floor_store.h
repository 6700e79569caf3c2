// The LMDB environment that a floor is measured on: a journal, a table of histories and one
// of rows.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include <lmdb.h>

#include "base/function_ref.h"

namespace reprise::bench {

// One thread. Throws std::runtime_error.
class FloorStore {
 public:
  // Makes `directory`, which must not exist; the destructor removes it.
  explicit FloorStore(const std::string& directory);
  ~FloorStore();
  FloorStore(const FloorStore&) = delete;
  FloorStore& operator=(const FloorStore&) = delete;

  // What can be done in one commit.
  class Batch {
   public:
    void append_record(std::string_view bytes);
    void append_history(std::string_view bytes);
    void change_row(std::uint64_t row);  // adds one to it
    void trim(std::uint64_t records);    // the oldest

   private:
    friend class FloorStore;
    Batch(FloorStore& store, MDB_txn* txn) : store_(store), txn_(txn) {}
    void append(MDB_dbi table, std::uint64_t key, std::string_view bytes);

    FloorStore& store_;
    MDB_txn* txn_;
  };
  void commit(base::FunctionRef<void(Batch&)> work);

  std::uint64_t records() const { return sequence_ - trimmed_; }  // in the journal

 private:
  void open();

  const std::string directory_;
  MDB_env* env_ = nullptr;
  MDB_dbi journal_ = 0;
  MDB_dbi histories_ = 0;
  MDB_dbi rows_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t trimmed_ = 0;
  std::uint64_t closed_ = 0;
};

}  // namespace reprise::bench
