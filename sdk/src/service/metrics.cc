#include "reprise/metrics.h"

#include "runtime/metrics/engine_metrics.h"
#include "sdk/src/service/metrics.h"

namespace reprise {
namespace {

MetricType to_public(runtime::MetricKind kind) {
  switch (kind) {
    case runtime::MetricKind::kCounter:
      return MetricType::kCounter;
    case runtime::MetricKind::kGauge:
      return MetricType::kGauge;
    case runtime::MetricKind::kHistogram:
      return MetricType::kHistogram;
  }
  return MetricType::kGauge;
}

MetricSample to_public(runtime::Metric&& from) {
  MetricSample to{.labels = {},
                  .value = from.value,
                  .buckets = std::move(from.buckets),
                  .sum = from.sum,
                  .count = from.count};
  for (auto& [name, value] : from.labels) to.labels.emplace_back(name, std::move(value));
  return to;
}

}  // namespace

Metrics::Metrics() : metrics_(std::make_shared<runtime::EngineMetrics>()) {}
Metrics::~Metrics() = default;

std::vector<MetricFamily> Metrics::collect() const {
  std::vector<MetricFamily> families;
  for (runtime::MetricFamily& family : metrics_->read()) {
    MetricFamily& shown = families.emplace_back();
    shown.name = family.name;
    shown.help = family.help;
    shown.type = to_public(family.kind);
    for (runtime::Metric& metric : family.metrics) {
      shown.samples.push_back(to_public(std::move(metric)));
    }
  }
  return families;
}

std::shared_ptr<runtime::EngineMetrics> internal::MetricsAccess::of(
    const std::shared_ptr<Metrics>& metrics) {
  return metrics == nullptr ? nullptr : metrics->metrics_;
}

}  // namespace reprise
