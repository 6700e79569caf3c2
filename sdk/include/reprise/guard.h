// Exceptions from the determinism guard (EngineOptions::guard), for those who know better.
#pragma once
#include <string_view>

namespace reprise {

// While it lives, the code around it may call what the guard would report: for calls whose result
// the workflow does not depend on. An object of this type on the stack of workflow code; nests, and
// covers what this strand calls, other strands and other runs not, also when the strand waits
// meanwhile. Elsewhere (activities, steps, queries, without a guard) it does nothing. Records no
// event and never throws. It does not make the code deterministic: what changes from run to run
// still parks the run on replay when a durable call depends on it. ctx.side_effect() needs none.
class [[nodiscard]] AllowNondeterminism {
 public:
  // `why` is for those who read the code; not empty.
  explicit AllowNondeterminism(std::string_view why) noexcept;
  ~AllowNondeterminism();
  AllowNondeterminism(const AllowNondeterminism&) = delete;
  AllowNondeterminism& operator=(const AllowNondeterminism&) = delete;

 private:
  bool watched_;
};

}  // namespace reprise
