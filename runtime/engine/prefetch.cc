#include "runtime/engine/prefetch.h"

#include <variant>

#include "base/prefetch.h"

namespace reprise::runtime {
namespace {

// How many items ahead each stage is asked for: far enough that memory has answered when the next
// stage needs it, near enough that it is still in the cache then.
constexpr std::size_t kIndexAhead = 9;  // where the table has the run
constexpr std::size_t kRunAhead = 6;
constexpr std::size_t kPartsAhead = 3;  // what the run refers to

constexpr std::size_t kExecutionAhead = 6;
constexpr std::size_t kStateAhead = 4;
constexpr std::size_t kStrandAhead = 2;

void prefetch_parts(const KnownRun* run) {
  if (run == nullptr) return;
  base::prefetch(run->extras.get(), sizeof(RunExtras));
  Host::prefetch(run->place, Host::Prefetch::kPlace);
}

}  // namespace

void prefetch_for_next_mail(const RunTable& runs, std::span<const Mail> mail, std::size_t i) {
  const auto result = [&](std::size_t ahead) {
    return i + ahead < mail.size() ? std::get_if<AttemptResult>(&mail[i + ahead]) : nullptr;
  };
  if (const auto* later = result(kIndexAhead)) runs.prefetch(later->key.run);
  if (const auto* later = result(kRunAhead)) {
    base::prefetch(runs.guess(later->key.run), sizeof(KnownRun));
  }
  if (const auto* later = result(kPartsAhead)) prefetch_parts(runs.guess(later->key.run));
}

void prefetch_for_next_effects(const Effects& effects) {
  base::prefetch(effects.run_of(kRunAhead), sizeof(KnownRun));
  prefetch_parts(effects.run_of(kPartsAhead));
}

void prefetch_for_next_turns(std::span<KnownRun* const> ready, std::size_t i) {
  const auto prefetch = [&](std::size_t ahead, Host::Prefetch stage) {
    if (i + ahead < ready.size()) Host::prefetch(ready[i + ahead]->place, stage);
  };
  prefetch(kExecutionAhead, Host::Prefetch::kExecution);
  prefetch(kStateAhead, Host::Prefetch::kState);
  prefetch(kStrandAhead, Host::Prefetch::kStrand);
}

}  // namespace reprise::runtime
