// The journal without files: every append counts as durable. For tests and simulations.
#pragma once
#include <map>
#include <mutex>

#include "store/journal.h"

namespace reprise::store {

class MemoryJournal final : public Journal {
 public:
  base::Status append(const std::vector<const RecordBatch*>& batches, Seq trim_through) override;
  base::Status scan(Seq from, base::Visitor<Seq, std::string_view> visit) const override;
  base::Result<std::string> read(Seq seq) const override;
  base::Result<Seq> first() const override;
  base::Result<Seq> last() const override;

 private:
  void trim(Seq through);

  mutable std::mutex mutex_;
  std::map<Seq, std::string> records_;
};

}  // namespace reprise::store
