// Reads everything in a store without LMDB, whatever its state: for tools that report damage and
// save what is whole.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/record.h"

namespace reprise::store {

class StoreVisitor {
 public:
  virtual ~StoreVisitor() = default;
  // What is being read from now on, for people.
  virtual void reading(const std::string& place) = 0;
  virtual void damaged(const std::string& place, const std::string& what) = 0;
  // The entries of the archive's tables as they are stored, one table after the other, each in key
  // order; then the journal's records, in the order of their keys.
  virtual void archive_entry(std::string_view table,
                             std::string_view key,
                             std::string_view value) = 0;
  virtual void journal_record(Seq seq, std::string_view bytes) = 0;
};

enum class InspectMode {
  kBesideEngine,  // reads one moment of a store that an engine may be writing
  kAlone,         // writes no byte; kStoreLocked when an engine has the store open
};

struct Inspected {
  std::string uuid;         // of FORMAT; empty: it is damaged
  Seq witnessed = 0;        // the journal has once had this record
  Seq journal_last = 0;     // beside an engine: its newest record after the archive was read
  std::uint64_t bytes = 0;  // of the two data files
};

// Errors: kStoreMissing, kStoreLocked, kStoreOtherFormat, kStoreUnwritable, kStoreIo. Damage goes
// to the visitor.
base::Result<Inspected> inspect_store(const std::string& directory,
                                      InspectMode mode,
                                      StoreVisitor& visitor);

}  // namespace reprise::store
