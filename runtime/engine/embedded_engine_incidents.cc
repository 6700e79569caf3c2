// What is wrong, and who did what: the shards are asked for what they know, and histories are read
// on the thread of the caller, so that no run waits for it.
#include <iterator>
#include <memory>
#include <mutex>
#include <utility>

#include "runtime/engine/audit_reader.h"
#include "runtime/engine/embedded_engine.h"
#include "runtime/engine/troubles.h"

namespace reprise::runtime {
namespace {

// Asks all shards: the last one to answer sends the reply.
class TroubleGathering {
 public:
  TroubleGathering(std::size_t shards, Reply<verb::FindTroubles::Answer> reply)
      : missing_(shards), reply_(std::move(reply)) {}

  void add(Troubles&& found) {
    {
      const std::lock_guard lock(mutex_);
      all_->by_number.merge(found.by_number);
      if (--missing_ > 0) return;
    }
    reply_(verb::FindTroubles::Answer(std::move(all_)));
  }

 private:
  std::mutex mutex_;
  std::size_t missing_;
  std::shared_ptr<Troubles> all_ = std::make_shared<Troubles>();
  const Reply<verb::FindTroubles::Answer> reply_;
};

}  // namespace

void EmbeddedEngine::hand_over(verb::FindTroubles&& asked) {
  const auto noted = std::make_shared<store::ParkedRuns>(shared_.store->parked_runs());
  for (auto& [number, note] : *noted) {
    note.why.message = shared_.sealing.show_text(std::move(note.why.message));
  }
  const auto gathering = std::make_shared<TroubleGathering>(shards_.size(), std::move(asked.reply));
  for (auto& shard : shards_) {
    shard->post([shard = shard.get(), gathering, noted, failures = asked.failures] {
      const auto found = std::make_shared<Troubles>();
      shard->questions().collect(failures, *noted, found.get());
      shard->round().tell_when_recorded([gathering, found] { gathering->add(std::move(*found)); });
    });
  }
}

void EmbeddedEngine::hand_over(verb::Explain&& asked) {
  std::vector<Incident> found =
      explain(*shared_.store, shared_.sealing, *asked.troubles, asked.limit);
  std::vector<Incident> breakers = incidents_of(limit_states(), shared_.clock.now());
  std::move(breakers.begin(), breakers.end(), std::back_inserter(found));
  asked.reply(std::move(found));
}

void EmbeddedEngine::hand_over(verb::Audit&& asked) {
  auto page = read_audit_page(*shared_.store, shared_.sealing, *asked.history, asked.limit,
                              asked.before, asked.technical);
  if (!page) return asked.reply(page.error());
  asked.reply(std::make_shared<const AuditPage>(std::move(*page)));
}

// No run is asked: the workers know.
void EmbeddedEngine::hand_over(verb::Limits&& asked) {
  asked.reply(limit_states());
}

std::vector<LimitState> EmbeddedEngine::limit_states() const {
  std::vector<LimitState> states = shared_.task_queues.limits();
  for (LimitState& state : states) {
    if (state.opened_ago) state.opened = base::sub_sat(shared_.clock.now(), *state.opened_ago);
  }
  return states;
}

}  // namespace reprise::runtime
