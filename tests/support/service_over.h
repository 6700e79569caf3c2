// Makes the public Service from an engine that a test has put together itself.
#pragma once
#include <memory>
#include <utility>

#include "runtime/engine/engine.h"
#include "sdk/src/service/service.h"

namespace reprise::testing {

class ServiceOver final : public Service {
 public:
  explicit ServiceOver(std::unique_ptr<runtime::Engine> engine)
      : Service(state_over(std::move(engine))) {}

 private:
  struct State final : internal::ServiceState {
    std::unique_ptr<runtime::Engine> engine;
  };
  static std::unique_ptr<internal::ServiceState> state_over(
      std::unique_ptr<runtime::Engine> engine) {
    auto state = std::make_unique<State>();
    state->log = internal::default_log();
    state->engine = std::move(engine);
    state->clients = state->engine.get();
    state->workers = state->engine.get();
    return state;
  }
};

}  // namespace reprise::testing
