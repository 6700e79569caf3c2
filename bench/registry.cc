#include "bench/loads/loads.h"

namespace reprise::bench {

Loads all_loads() {
  Loads loads;
  add_workflow_loads(loads);
  add_fan_out_loads(loads);
  add_signal_loads(loads);
  add_timer_loads(loads);
  add_waiting_loads(loads);
  add_payload_loads(loads);
  add_replay_loads(loads);
  add_recovery_loads(loads);
  add_soak_loads(loads);
  return loads;
}

}  // namespace reprise::bench
