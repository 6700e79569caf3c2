// A record that is finished while the batch it is in is being written.
#pragma once
#include <cstdint>
#include <string>

#include "store/record.h"

namespace reprise::store {

// Called on the thread that commits, in the order of the records, once each.
class Completion {
 public:
  Completion() = default;
  virtual ~Completion() = default;
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;

  // The record's body, below kLargestBody. All records before it are in the journal or in the same
  // commit. If that commit fails, none of them is ever durable.
  virtual std::string body(Seq seq) = 0;
  // The record's chain value, which the run's next record needs.
  virtual void sealed(std::uint64_t chain) = 0;
};

}  // namespace reprise::store
