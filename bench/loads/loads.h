// The families of loads, one file each.
#pragma once
#include "bench/load.h"

namespace reprise::bench {

// A load in a smaller size for a quick run, and in its real size.
using MeasureSized = Figures (*)(const Settings&, const std::string& name, std::size_t size);
void add_in_two_sizes(Loads& loads,
                      const std::string& family,
                      std::size_t quick,
                      std::size_t full,
                      MeasureSized measure);

void add_workflow_loads(Loads& loads);
void add_chain_loads(Loads& loads);
void add_checkpoint_loads(Loads& loads);
void add_child_loads(Loads& loads);
void add_transaction_loads(Loads& loads);
void add_external_signal_loads(Loads& loads);
void add_fan_out_loads(Loads& loads);
void add_search_loads(Loads& loads);
void add_sealed_loads(Loads& loads);
void add_signal_loads(Loads& loads);
void add_timer_loads(Loads& loads);
void add_waiting_loads(Loads& loads);
void add_payload_loads(Loads& loads);
void add_replay_loads(Loads& loads);
void add_recovery_loads(Loads& loads);
void add_verify_loads(Loads& loads);
void add_soak_loads(Loads& loads);
void add_update_loads(Loads& loads);

// The child process of recovery: in the store `directory`, starts this many runs whose activity has
// no worker, tells the parent process, and waits to be killed.
[[noreturn]] void leave_runs_in_flight(const std::string& directory, std::size_t runs);

}  // namespace reprise::bench
