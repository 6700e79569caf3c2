// What the engine that has a store says about the attempts of a run, which the log does not have.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "proto/control.pb.h"
#include "runtime/fold/run_state.h"
#include "tools/timeline.h"

namespace reprise::tools {

// By operation. Empty: no engine has the store, or it does not answer at once, or the run has none.
using LiveAttempts = std::map<std::uint32_t, proto::ControlAttempt>;

LiveAttempts ask_for_attempts(const runtime::RunState& run,
                              const Timeline& timeline,
                              const std::string& directory);

}  // namespace reprise::tools
