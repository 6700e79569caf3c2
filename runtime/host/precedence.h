// Which attempts of a task queue come first: what the log says of a run and its activities.
#pragma once
#include <memory>

#include "proto/log.pb.h"
#include "runtime/host/fair_queue.h"

namespace reprise::runtime {

// nullptr: the default. A history that nobody has written may have any number; they are brought
// into their ranges.
inline Rank rank_of(const proto::Precedence* precedence) {
  Rank rank;
  if (precedence == nullptr) return rank;
  if (precedence->priority() >= kFirstPriority && precedence->priority() <= kLastPriority) {
    rank.priority = static_cast<int>(precedence->priority());
  }
  rank.key = precedence->fairness_key();
  if (precedence->fairness_weight() > 0) rank.weight = precedence->fairness_weight();
  return rank;
}

using SharedPrecedence = std::shared_ptr<const proto::Precedence>;

// What an operation or a child has that says `own` (nullptr: nothing), of a run that has `run`. A
// weight belongs to its key: another key comes with its own weight, or with that of all.
inline SharedPrecedence precedence_of(const proto::Precedence* own, const SharedPrecedence& run) {
  if (own == nullptr) return run;
  auto both = std::make_shared<proto::Precedence>(*own);
  if (run == nullptr) return both;
  if (both->priority() == 0) both->set_priority(run->priority());
  if (both->fairness_key().empty()) {
    both->set_fairness_key(run->fairness_key());
    if (both->fairness_weight() == 0) both->set_fairness_weight(run->fairness_weight());
  }
  return both;
}

}  // namespace reprise::runtime
