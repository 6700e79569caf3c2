// Metrics for prometheus-cpp. The component `prometheus` of the package:
//   find_package(reprise REQUIRED COMPONENTS prometheus)
//   target_link_libraries(mine PRIVATE reprise::prometheus)
#pragma once
#include <memory>
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>  // what its users need
#include <reprise/metrics.h>

namespace reprise {

// Shows `metrics` to prometheus-cpp: for Exposer::RegisterCollectable(), which keeps a weak
// reference only, so keep this. It collects on the thread of the scrape. Thread-safe; not for
// workflow code.
std::shared_ptr<prometheus::Collectable> prometheus_collectable(
    std::shared_ptr<const Metrics> metrics);

}  // namespace reprise
