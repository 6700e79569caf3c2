// An update that a live turn has not taken: it is not among the turn's inputs any more, so the
// history will not show it.
#pragma once
#include <cstdint>
#include <string>

#include "proto/log.pb.h"

namespace reprise::replay {

struct UntakenUpdate {
  enum class Why : std::uint8_t {
    kRejected,  // by the check of its handler
    kBadCheck,  // the check has a bug
    kKnown,     // one with its id was taken before, and has no answer yet
    kAnswered,  // likewise, and it was answered
    kTooEarly,  // the code is not ready for it, or has ended: the next turn, or run, may take it
  };

  int input = 0;  // its index among the inputs that the turn was given
  proto::Event event{};
  Why why{};
  proto::Failure failure{};  // kRejected: what the check threw
  std::string text{};        // kBadCheck: what is wrong; kKnown: the name of the one taken before
};

}  // namespace reprise::replay
