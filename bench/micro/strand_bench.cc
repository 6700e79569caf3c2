// The cost of a strand: to make, run and destroy it; and to switch to it and back.
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>

#include "replay/strand.h"

namespace {

using reprise::replay::StackPool;
using reprise::replay::Strand;

void suspend_for_ever() {
  for (;;) Strand::current()->suspend();
}

void create_run_finish(benchmark::State& state) {
  StackPool pool;
  int runs = 0;
  for (auto _ : state) {
    Strand strand(pool, [&runs] { ++runs; });
    strand.resume();
  }
  benchmark::DoNotOptimize(runs);
}
BENCHMARK(create_run_finish)->Name("strand_create");

void create_first_resume_evict(benchmark::State& state) {
  StackPool pool;
  for (auto _ : state) {
    Strand strand(pool, suspend_for_ever);
    strand.resume();
  }
}
BENCHMARK(create_first_resume_evict)->Name("strand_create_and_evict");

// One iteration is a resume and the suspend that ends it.
void switch_pair(benchmark::State& state) {
  StackPool pool;
  Strand strand(pool, suspend_for_ever);
  for (auto _ : state) strand.resume();
}
BENCHMARK(switch_pair)->Name("strand_switch_pair");

// Round robin over many strands: the caches hold fewer and fewer of their stacks.
void switch_pair_among(benchmark::State& state) {
  StackPool pool;
  std::vector<std::unique_ptr<Strand>> strands;
  strands.reserve(static_cast<std::size_t>(state.range(0)));
  for (int i = 0; i < state.range(0); ++i) {
    strands.push_back(std::make_unique<Strand>(pool, suspend_for_ever));
  }
  std::size_t next = 0;
  for (auto _ : state) {
    strands[next]->resume();
    if (++next == strands.size()) next = 0;
  }
}
BENCHMARK(switch_pair_among)->Name("strand_switch_pair_among")->Arg(100)->Arg(1'000)->Arg(10'000);

// With a given number alive at once: beyond the pool's warm stacks, memory is allocated and freed.
void create_many_then_drop(benchmark::State& state) {
  StackPool pool;
  std::vector<std::unique_ptr<Strand>> strands;
  for (auto _ : state) {
    for (int i = 0; i < state.range(0); ++i) {
      strands.push_back(std::make_unique<Strand>(pool, [] { Strand::current()->suspend(); }));
      strands.back()->resume();
    }
    for (auto& strand : strands) strand->resume();
    strands.clear();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(create_many_then_drop)->Name("strand_create_many")->Arg(200)->Arg(2'000);

}  // namespace
