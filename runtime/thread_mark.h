// Marks a property of the calling thread for a while. `What` names the property.
#pragma once
#include <utility>

namespace reprise::runtime {

template <class What>
class ThreadMark {
 public:
  // While it lives, this thread is marked. Nests.
  class Scope {
   public:
    Scope() : before_(std::exchange(here_, true)) {}
    ~Scope() { here_ = before_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    const bool before_;
  };

  static bool is_here() { return here_; }

 private:
  static inline constinit thread_local bool here_ = false;
};

}  // namespace reprise::runtime
