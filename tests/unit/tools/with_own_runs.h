// Fixtures of commands about the engine's own runs, on a store that no engine has open while a
// command runs.
#pragma once
#include <chrono>
#include <string>

#include "base/time.h"
#include "sdk/src/schedule/own_worker.h"
#include "sdk/src/schedule/state.h"

namespace reprise::tools {

// `Fixture`: CommandFixture, or a class made from it.
template <class Fixture>
class WithOwnRuns : public Fixture {
 protected:
  // The engine that is open works on its own runs until there is nothing to do, and is closed. A
  // command, which goes by the system's clock, may have begun an attempt that is made again after a
  // second.
  void work_on_own_runs() {
    internal::Implementations code;
    internal::add_own_code(code, *this->engine_);
    auto session = this->engine_->register_worker(
        code.worker_code(std::string(internal::kSystemQueue), 0, internal::silent_host()));
    ASSERT_TRUE(session);
    this->clock_.move_to(base::WallClock().now());
    this->skip(std::chrono::minutes(1));
    session->reset();
    this->close_engine();
  }
};

}  // namespace reprise::tools
