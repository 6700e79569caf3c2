// From the public Metrics to what the engine writes.
#pragma once
#include <memory>

#include "reprise/metrics.h"

namespace reprise::internal {

struct MetricsAccess {
  static std::shared_ptr<runtime::EngineMetrics> of(const std::shared_ptr<Metrics>& metrics);
};

}  // namespace reprise::internal
