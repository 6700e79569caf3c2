// Exemptions from the determinism guard (EngineOptions::guard).
#pragma once
#include <string_view>

namespace reprise {

// While it lives, its strand may call what the guard would report: for calls whose result the
// workflow does not depend on. Put it on the stack of workflow code; it nests, and covers this
// strand only, even while the strand waits. Elsewhere (activities, steps, queries, without a guard)
// it does nothing. Records no event and never throws. It does not make the code deterministic: a
// value that differs on replay still parks the run if a durable call depends on it. Not needed in
// ctx.side_effect().
class [[nodiscard]] AllowNondeterminism {
 public:
  // `why` is for readers of the code; not empty.
  explicit AllowNondeterminism(std::string_view why) noexcept;
  ~AllowNondeterminism();
  AllowNondeterminism(const AllowNondeterminism&) = delete;
  AllowNondeterminism& operator=(const AllowNondeterminism&) = delete;

 private:
  bool watched_;
};

}  // namespace reprise
