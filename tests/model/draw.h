// Draws the calls of a trial: which one comes next on a lane, for which run, with which names and
// values, and whether it must be refused.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "tests/model/oracle.h"

namespace reprise::model {

inline constexpr std::uint32_t kLanes = 4;

struct Drawn {
  Call call;
  std::string refusal;  // the error code that it must give
};

class Draw {
 public:
  Draw(std::uint64_t seed, const Names& names, const Oracle& oracle);

  // The lane has nothing under way.
  Drawn next(std::uint32_t lane);
  // Nothing at all is under way.
  Drawn list();

  Call call(std::uint32_t lane, Verb verb);
  Call call_for(std::uint32_t lane, Verb verb, const Run& run);
  Call finish(std::uint32_t lane, const Run& run);
  std::uint64_t below(std::uint64_t end) { return random_.below(end); }

 private:
  Drawn start(std::uint32_t lane);
  Drawn message(std::uint32_t lane, Verb verb, const Run& run);
  Drawn refused(std::uint32_t lane);
  Drawn refused_start(std::uint32_t lane);
  Drawn refused_message(std::uint32_t lane);
  Drawn find(std::uint32_t lane);
  const Run& any_run();
  std::string value() { return value_of(random_, ++number_); }

  const Names& names_;
  const Oracle& oracle_;
  Random random_;
  std::vector<std::string> ids_;
  std::uint64_t number_ = 0;  // of calls and of values
};

}  // namespace reprise::model
