// What programs do with runs that they start themselves.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "replay/execution.h"
#include "tests/support/random.h"

namespace reprise::simulation {

// One of the workflow ids that only children have.
std::string some_kid(std::uint64_t number);

// The children of one run: with ids of their own, or with ones that clients and other runs use,
// too; waited for, told something, given up, asked to cancel, left behind.
class Children {
 public:
  explicit Children(replay::Execution& execution) : e_(execution) {}

  // Some of that. What the code sees is added to `log`; `message` makes what only this run sends.
  // False: the scope was cancelled.
  bool play(testing::Random& random, const std::function<std::string()>& message, std::string* log);

 private:
  replay::StartedChild start(testing::Random& random);
  std::string some_id(testing::Random& random) const;
  bool wait(replay::Operation& operation, std::string* log);
  bool tell(const replay::StartedChild& child,
            const std::function<std::string()>& message,
            std::string* log);
  bool give_up(testing::Random& random, std::string* log);
  bool race(testing::Random& random, std::string* log);
  replay::OperationRef sleep(testing::Random& random);

  replay::Execution& e_;
  std::uint64_t started_ = 0;
};

}  // namespace reprise::simulation
