#include <utility>

#include "bench/loads/loads.h"

namespace reprise::bench {

void add_in_two_sizes(Loads& loads,
                      const std::string& family,
                      std::size_t quick,
                      std::size_t full,
                      MeasureSized measure) {
  for (const auto& [size, runs] : {std::pair(quick, Runs::kQuick), {full, Runs::kFull}}) {
    const std::string name = family + "/" + std::to_string(size);
    loads.push_back({.name = name,
                     .runs = runs,
                     .measure = [name, size = size, measure](const Settings& settings) {
                       return measure(settings, name, size);
                     }});
  }
}

Loads all_loads() {
  Loads loads;
  add_workflow_loads(loads);
  add_chain_loads(loads);
  add_checkpoint_loads(loads);
  add_child_loads(loads);
  add_transaction_loads(loads);
  add_external_signal_loads(loads);
  add_fan_out_loads(loads);
  add_search_loads(loads);
  add_sealed_loads(loads);
  add_signal_loads(loads);
  add_timer_loads(loads);
  add_waiting_loads(loads);
  add_payload_loads(loads);
  add_replay_loads(loads);
  add_recovery_loads(loads);
  add_verify_loads(loads);
  add_soak_loads(loads);
  add_update_loads(loads);
  return loads;
}

}  // namespace reprise::bench
