#include "runtime/engine/effects.h"

namespace reprise::runtime {

void Effects::appended(store::Seq last) {
  const store::Seq before = last - turns_;
  for (Effect& effect : round_) {
    effect.after += before;
    waiting_.push_back(std::move(effect));
  }
  round_.clear();
  turns_ = 0;
}

}  // namespace reprise::runtime
