#include "runtime/fold/chain.h"

#include "event/turn.h"
#include "proto/parse.h"

namespace reprise::runtime {
namespace {

ChainFault fault_of(store::LinkFault fault) {
  switch (fault) {
    case store::LinkFault::kNone:
      return ChainFault::kNone;
    case store::LinkFault::kOtherRun:
      return ChainFault::kOtherRun;
    case store::LinkFault::kNotNext:
      return ChainFault::kNotNext;
    case store::LinkFault::kChecksum:
      break;
  }
  return ChainFault::kChecksum;
}

}  // namespace

std::string_view to_string(ChainFault fault) {
  switch (fault) {
    case ChainFault::kNone:
      return "follows";
    case ChainFault::kUndecodable:
      return "does not decode";
    case ChainFault::kOtherRun:
      return "belongs to another run";
    case ChainFault::kNotNext:
      return "does not follow on the one before it";
    case ChainFault::kChecksum:
      return "has a wrong checksum";
    case ChainFault::kUnreadable:
      return "is no valid event data";
    case ChainFault::kNoStart:
      return "does not start a run";
    case ChainFault::kSecondStart:
      return "starts the run again";
    case ChainFault::kAfterEnd:
      return "comes after the end of the run";
    case ChainFault::kNoCheckpoint:
      return "goes on from a checkpoint that the run has not taken";
    case ChainFault::kCheckpointPassed:
      return "does not go on from the checkpoint before it";
  }
  return "";
}

namespace {

// There is one of them at most, and it comes first.
ChainFault check_checkpoint(const proto::Turn& turn, const TurnPlace& place) {
  const proto::CheckpointTaken* const taken = event::segment_start(turn);
  if (place.after_checkpoint != (taken != nullptr)) {
    return taken != nullptr ? ChainFault::kNoCheckpoint : ChainFault::kCheckpointPassed;
  }
  for (int i = taken != nullptr ? 1 : 0; i < turn.inputs_size(); ++i) {
    if (turn.inputs(i).has_checkpoint_taken()) return ChainFault::kNoCheckpoint;
  }
  const bool counts = taken == nullptr || taken->event() == place.events + 1;
  return counts ? ChainFault::kNone : ChainFault::kNoCheckpoint;
}

}  // namespace

ChainFault check_turn(const proto::Turn& turn, const TurnPlace& place) {
  if (place.after_end) return ChainFault::kAfterEnd;
  if (event::starts(turn) == place.first) return check_checkpoint(turn, place);
  return place.first ? ChainFault::kNoStart : ChainFault::kSecondStart;
}

ChainFault Chain::take(const store::Record& record, RunState* state) {
  const ChainFault link = fault_of(store::check_link(record, end_of_chain(*state)));
  if (link != ChainFault::kNone) return link;
  arena_.reset();
  proto::Turn* const turn = arena_.make();
  if (!proto::parse(record.body, turn)) return ChainFault::kUnreadable;
  const ChainFault content =
      check_turn(*turn, {record.first(), !state->open(), state->at_checkpoint, state->events});
  if (content != ChainFault::kNone) return content;
  state->apply(*turn, names_);
  state->last_seq = record.seq;
  state->chain = record.chain;
  return ChainFault::kNone;
}

ChainFault Chain::take_all(std::string_view bytes,
                           RunState* state,
                           base::FunctionRef<void(const store::Record&)> taken) {
  while (!bytes.empty()) {
    std::size_t size = 0;
    const auto record = store::decode_record(bytes, &size);
    if (!record) return ChainFault::kUndecodable;
    const ChainFault fault = take(*record, state);
    if (fault != ChainFault::kNone) return fault;
    taken(*record);
    bytes.remove_prefix(size);
  }
  return ChainFault::kNone;
}

}  // namespace reprise::runtime
