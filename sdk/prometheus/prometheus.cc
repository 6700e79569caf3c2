#include "reprise/prometheus.h"

#include <limits>
#include <utility>

namespace reprise {
namespace {

using prometheus::ClientMetric;

ClientMetric::Histogram histogram_of(const MetricSample& sample) {
  ClientMetric::Histogram histogram;
  histogram.sample_count = sample.count;
  histogram.sample_sum = sample.sum;
  for (const auto& [bound, count] : sample.buckets) {
    ClientMetric::Bucket bucket;
    bucket.cumulative_count = count;
    bucket.upper_bound = bound;
    histogram.bucket.push_back(bucket);
  }
  ClientMetric::Bucket all;
  all.cumulative_count = sample.count;
  all.upper_bound = std::numeric_limits<double>::infinity();
  histogram.bucket.push_back(all);
  return histogram;
}

ClientMetric metric_of(MetricType type, const MetricSample& sample) {
  ClientMetric metric;
  for (const auto& [name, value] : sample.labels) {
    ClientMetric::Label label;
    label.name = name;
    label.value = value;
    metric.label.push_back(std::move(label));
  }
  switch (type) {
    case MetricType::kCounter:
      metric.counter.value = sample.value;
      break;
    case MetricType::kGauge:
      metric.gauge.value = sample.value;
      break;
    case MetricType::kHistogram:
      metric.histogram = histogram_of(sample);
      break;
  }
  return metric;
}

prometheus::MetricType to_prometheus(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return prometheus::MetricType::Counter;
    case MetricType::kGauge:
      return prometheus::MetricType::Gauge;
    case MetricType::kHistogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

class Collected final : public prometheus::Collectable {
 public:
  explicit Collected(std::shared_ptr<const Metrics> metrics) : metrics_(std::move(metrics)) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> families;
    for (MetricFamily& family : metrics_->collect()) {
      prometheus::MetricFamily& shown = families.emplace_back();
      shown.name = std::move(family.name);
      shown.help = std::move(family.help);
      shown.type = to_prometheus(family.type);
      for (const MetricSample& sample : family.samples) {
        shown.metric.push_back(metric_of(family.type, sample));
      }
    }
    return families;
  }

 private:
  const std::shared_ptr<const Metrics> metrics_;
};

}  // namespace

std::shared_ptr<prometheus::Collectable> prometheus_collectable(
    std::shared_ptr<const Metrics> metrics) {
  return std::make_shared<Collected>(std::move(metrics));
}

}  // namespace reprise
