// What a run had sent to others when the process ended, and does not know to have arrived:
// messages, and the starts of its children. Taken when the run is recovered, because it may send
// more before these are sent again.
#pragma once
#include <cstdint>
#include <map>
#include <set>

#include "runtime/engine/shared.h"
#include "runtime/fold/run_state.h"

namespace reprise::runtime {

class Unsent {
 public:
  explicit Unsent(const RunState& run);

  // Reads the run's history, and sends them. Messages that are not there are refused. Not so what
  // does not open: nothing is sent then. kKeyMissing, kSealBroken, and
  // what else codecs say.
  base::Status send(const Shared& shared) const;
  // Nor are the messages ever: the run is about to end. It hears of each that it was refused.
  void refuse(Post& post, const base::Error& why) const;

 private:
  class Reading;

  const RunKey sender_;
  const store::ChainEnd after_;  // all of that comes after this record
  const store::Seq last_;        // the run's last record
  const std::uint32_t depth_;
  const SharedPrecedence precedence_;
  std::set<std::uint32_t> messages_;        // by command
  std::map<std::uint32_t, bool> children_;  // by command: has it begun?
};

}  // namespace reprise::runtime
