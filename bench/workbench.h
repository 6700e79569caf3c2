// A store of its own with an engine, a worker and a client over it: what most loads need. Durable
// as shipped.
#pragma once
#include <memory>

#include "bench/load.h"
#include "bench/temporary_store.h"
#include "reprise/reprise.h"

namespace reprise::bench {

struct Workbench {
  explicit Workbench(const Settings& settings, const EngineOptions& options = {})
      : store(settings.directory),
        engine(Engine::open(store.path(), options)),
        worker(*engine),
        client(*engine) {}

  TemporaryStore store;
  std::unique_ptr<Engine> engine;
  Worker worker;  // to be given code and started
  Client client;
};

}  // namespace reprise::bench
