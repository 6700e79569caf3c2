// Which attempts of activities and steps were under way when the process ended. A slot is taken
// when an attempt starts and released when its outcome is durable; after a crash, each taken slot
// counts as a used attempt, so that an activity which kills the process cannot loop for ever.
//
// The slots are in a memory-mapped file that is never synced: the kernel keeps its pages when the
// process dies, which is the case that needs an exact answer. After a restart of the machine (the
// boot id in its header differs) the content cannot be trusted and reads as empty.
#pragma once
#include <cstdint>
#include <vector>

#include "store/record.h"

namespace reprise::store {

struct AttemptMark {
  RunNumber run = 0;
  std::uint32_t operation = 0;  // the id of the activity or step in its run
  std::uint32_t attempt = 0;
};

// Thread-safe.
class AttemptSlots {
 public:
  using Slot = std::uint32_t;

  virtual ~AttemptSlots() = default;
  // The slots that earlier processes left taken, read at open. A mark may be older than the
  // journal: the process can die between an outcome becoming durable and the release of its slot.
  virtual const std::vector<AttemptMark>& left_over() const = 0;
  // Called when the journal has durably counted the left-over attempts. Until then a further crash
  // leaves them over again, so dying during recovery forgets nothing. left_over() does not change.
  virtual void forget_left_over() = 0;
  // Grows the table when all slots are taken.
  virtual Slot take(const AttemptMark& mark) = 0;
  virtual void release(Slot slot) = 0;
};

}  // namespace reprise::store
