// What runs send to each other, on its way from shard to shard. Runs that answer each other would
// keep a closing engine going, so then nothing is sent; the next process does that again.
#include <memory>
#include <utility>

#include "runtime/engine/embedded_engine.h"

namespace reprise::runtime {

void EmbeddedEngine::send(Message&& message) {
  if (stopping_) return;
  Shard& shard = shard_of(message.receiver.workflow_id);
  shard.post([&shard, taken = std::make_shared<const Message>(std::move(message))] {
    shard.deliveries().take(taken);
  });
}

void EmbeddedEngine::send(Receipt&& receipt) {
  if (stopping_) return;
  Shard& shard = shard_of(receipt.sender.workflow_id);
  shard.post([&shard, taken = std::make_shared<const Receipt>(std::move(receipt))] {
    shard.deliveries().take(taken);
  });
}

void EmbeddedEngine::send(ChildCall&& call) {
  if (stopping_) return;
  Shard& shard = shard_of(call.scheduled().workflow_id());
  shard.post([&shard, taken = std::make_shared<const ChildCall>(std::move(call))] {
    shard.children().take(taken);
  });
}

void EmbeddedEngine::send(ChildNews&& news) {
  if (stopping_) return;
  Shard& shard = shard_of(news.parent.workflow_id);
  shard.post([&shard, taken = std::make_shared<ChildNews>(std::move(news))] {
    shard.children().take(taken);
  });
}

void EmbeddedEngine::send(ParentQuestion&& question) {
  if (stopping_) return;
  Shard& shard = shard_of(question.parent.workflow_id);
  shard.post([&shard, question = std::move(question)] { shard.children().take(question); });
}

// Nothing is recorded of it yet: who has asked is told.
void EmbeddedEngine::send(std::shared_ptr<NewFork> fork) {
  if (stopping_) {
    return fork->beginning.reply(
        base::Error{base::ErrorCode::kStoreClosed, "the engine is closing"});
  }
  Shard& shard = shard_of(fork->beginning.state.workflow_id);
  shard.post([&shard, fork = std::move(fork)] { shard.resets().take(fork); });
}

void EmbeddedEngine::send(const ParentEnded& ended) {
  if (stopping_) return;
  for (const auto& shard : shards_) {
    shard->post([shard = shard.get(), ended] { shard->children().take(ended); });
  }
}

void EmbeddedEngine::send(const ParentEnded& ended, std::string_view child) {
  if (stopping_) return;
  Shard& shard = shard_of(child);
  shard.post([&shard, ended] { shard.children().take(ended); });
}

}  // namespace reprise::runtime
