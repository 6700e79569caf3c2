// What payload codecs cost: three steps, with each chain of them and without.
#include <string>

#include "bench/closed_loop.h"
#include "bench/loads/loads.h"
#include "bench/loads/workflows.h"
#include "bench/workbench.h"

namespace reprise::bench {
namespace {

constexpr std::size_t kInFlight = 1'000;

enum class Chain { kNone, kZstd, kAesGcm, kBoth };

struct Named {
  Chain chain;
  const char* name;
};
constexpr Named kChains[] = {{Chain::kNone, "none"},
                             {Chain::kZstd, "zstd"},
                             {Chain::kAesGcm, "aes-gcm"},
                             {Chain::kBoth, "zstd+aes-gcm"}};

PayloadCodecs codecs_of(Chain chain) {
  PayloadCodecs codecs;
  if (chain == Chain::kZstd || chain == Chain::kBoth) codecs.push_back(zstd_codec());
  if (chain == Chain::kAesGcm || chain == Chain::kBoth) {
    codecs.push_back(
        aes_gcm_codec({.keys = {{"k1", std::string(kEncryptionKeyBytes, 'k')}}, .current = "k1"}));
  }
  return codecs;
}

Figures measure(const Settings& settings, const Named& chain) {
  Workbench bench(settings, {.codecs = codecs_of(chain.chain)});
  implement_workflows(bench.worker);
  bench.worker.start();
  ClosedLoop<int> loop(kInFlight, [&] { return bench.client.submit(kThreeStepsInline(39)); });
  loop.warm_up(settings.warm_up_seconds());
  const LoopResult result = loop.run(settings.seconds);
  return {{.name = std::string("sealed/") + chain.name,
           .value = result.per_second(),
           .unit = "workflows/s",
           .cpu_us = result.cpu_us(),
           .client_cpu_us = result.client_cpu_us()}};
}

}  // namespace

void add_sealed_loads(Loads& loads) {
  for (const Named& chain : kChains) {
    loads.push_back(
        {.name = std::string("sealed/") + chain.name,
         .runs = Runs::kFull,
         .measure = [chain](const Settings& settings) { return measure(settings, chain); }});
  }
}

}  // namespace reprise::bench
