// The component prometheus, as a program uses it.
#include <memory>
#include <reprise/prometheus.h>

int main() {
  const auto metrics = std::make_shared<reprise::Metrics>();
  return reprise::prometheus_collectable(metrics)->Collect().empty() ? 1 : 0;
}
