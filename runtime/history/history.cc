#include "runtime/history/history.h"

#include <algorithm>
#include <limits>

#include "event/turn.h"
#include "proto/parse.h"

namespace reprise::runtime {
namespace {

base::Error no_history(const std::string& why) {
  return {base::ErrorCode::kNoHistory, "this is no history of a run: " + why};
}

}  // namespace

base::Result<proto::History> make_history(const std::vector<std::string>& turns) {
  proto::History history;
  history.set_format(kHistoryFormat);
  for (const std::string& turn : turns) {
    if (proto::parse(turn, history.add_turns())) continue;
    return no_history("turn " + std::to_string(history.turns_size()) + " is no valid event data");
  }
  return history;
}

std::string encode_history(const proto::History& history) {
  return history.SerializeAsString();
}

base::Result<proto::History> decode_history(std::string_view bytes) {
  proto::History history;
  if (bytes.empty()) return no_history("it is empty");
  if (bytes.size() > std::numeric_limits<int>::max()) return no_history("it has more than 2 GiB");
  if (!proto::parse(bytes, &history)) {
    return no_history("the bytes do not decode");
  }
  if (history.format() != kHistoryFormat) {
    return no_history("it has format " + std::to_string(history.format()) +
                      ", and this version reads format " + std::to_string(kHistoryFormat));
  }
  for (const proto::Turn& turn : history.turns()) {
    if (turn.sealed().empty()) continue;
    return no_history("it is sealed, as a store keeps it; export it with the key");
  }
  if (const std::uint64_t first = first_event(history); first != 1) {
    return no_history("it begins at the checkpoint that is event " + std::to_string(first) +
                      "; export the whole history of the run");
  }
  return history;
}

namespace {

// nullptr: it has none.
const proto::RunStarted* start_of(const proto::History& history) {
  if (history.turns_size() == 0) return nullptr;
  for (const proto::Event& input : history.turns(0).inputs()) {
    if (input.has_run_started()) return &input.run_started();
    if (input.has_checkpoint_taken()) return &input.checkpoint_taken().start();
  }
  return nullptr;
}

}  // namespace

replay::RunInfo run_info(const proto::History& history) {
  replay::RunInfo info;
  const proto::RunStarted* const start = start_of(history);
  if (start == nullptr) return info;
  const proto::RunStarted& started = *start;
  if (const auto id = base::RunId::from_bytes(started.run_id())) info.run_id = *id;
  info.workflow = started.workflow();
  info.workflow_id =
      started.workflow_id().empty() ? info.run_id.to_string() : started.workflow_id();
  info.task_queue = started.task_queue().empty() ? "default" : started.task_queue();
  return info;
}

std::uint64_t first_event(const proto::History& history) {
  if (history.turns_size() == 0) return 1;
  const proto::CheckpointTaken* const taken = event::segment_start(history.turns(0));
  return taken == nullptr ? 1 : std::max<std::uint64_t>(1, taken->event());
}

std::uint64_t count_events(const proto::Turn& turn) {
  return static_cast<std::uint64_t>(turn.inputs_size()) +
         static_cast<std::uint64_t>(turn.commands_size());
}

std::uint64_t count_events(const proto::History& history) {
  std::uint64_t events = 0;
  for (const proto::Turn& turn : history.turns()) events += count_events(turn);
  return events;
}

}  // namespace reprise::runtime
