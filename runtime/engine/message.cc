#include "runtime/engine/message.h"

#include <utility>

#include "event/catalogue.h"

namespace reprise::runtime {
namespace {

template <class Sent>
RunKey receiver_of(const Sent& sent) {
  return {.workflow_id = sent.workflow_id(),
          .run_id = base::RunId::from_bytes(sent.run_id()),
          .of_chain = sent.of_chain()};
}

}  // namespace

Message make_message(RunKey sender, const proto::Event& command, store::Seq since) {
  return {.sender = std::move(sender),
          .receiver = command.has_signal_sent() ? receiver_of(command.signal_sent())
                                                : receiver_of(command.cancel_sent()),
          .id = event::row_of(command).id(command),
          .command = std::make_shared<const proto::Event>(command),
          .since = since};
}

bool is_passing(const base::Error& why) {
  return why.code == base::ErrorCode::kStoreClosed || why.code == base::ErrorCode::kKeyMissing ||
         why.code == base::ErrorCode::kSealBroken;
}

}  // namespace reprise::runtime
