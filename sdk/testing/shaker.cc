#include "sdk/testing/shaker.h"

#include <utility>

#include "event/turn.h"
#include "sdk/testing/other_thread.h"
#include "sdk/testing/shaken_heap.h"

namespace reprise::internal {
namespace {

using proto::Event;

// While it lives, this thread uses another heap, if the program has one.
class ShakenHeap {
 public:
  ShakenHeap(unsigned char fill, bool falling) {
    if (reprise_begin_shaken_heap != nullptr) reprise_begin_shaken_heap(fill, falling);
  }
  ~ShakenHeap() {
    if (reprise_end_shaken_heap != nullptr) reprise_end_shaken_heap();
  }
  ShakenHeap(const ShakenHeap&) = delete;
  ShakenHeap& operator=(const ShakenHeap&) = delete;
};

std::string content_of(std::optional<Event> event) {
  if (!event) return "nothing";
  event->clear_call_site();
  std::string text = event->ShortDebugString();
  constexpr std::size_t kMost = 400;
  return text.size() <= kMost ? text : text.substr(0, kMost) + "...";
}

// Names and ids are equal in both: only the content differs.
std::string contents(const replay::Trouble& trouble) {
  if (!trouble.mismatch || trouble.mismatch->kind != replay::Mismatch::Kind::kChangedInput)
    return {};
  return "  in the log          " + content_of(trouble.mismatch->recorded) + "\n" +
         "  in the replay       " + content_of(trouble.mismatch->attempted) + "\n";
}

// Those that have ended: they were replayed to their ends.
void drop_segments(std::vector<proto::Turn>* turns) {
  for (auto turn = turns->end(); turn != turns->begin();) {
    if (event::segment_start(*--turn) == nullptr) continue;
    turns->erase(turns->begin(), turn);
    return;
  }
}

std::string with_newline(std::string text) {
  if (!text.empty() && text.back() != '\n') text += '\n';
  return text;
}

}  // namespace

Shaker::Shaker(bool shake) : shake_(shake), thread_(std::make_unique<OtherThread>()) {}
Shaker::~Shaker() = default;

void Shaker::note(const store::Record& record, const proto::Turn& turn) {
  History& history = histories_[record.run];
  if (record.first()) {
    const auto& started = turn.inputs(0).run_started();
    history.info.run_id = *base::RunId::from_bytes(started.run_id());
    history.info.workflow_id =
        started.workflow_id().empty() ? history.info.run_id.to_string() : started.workflow_id();
    history.info.workflow = started.workflow();
    history.info.task_queue = started.task_queue().empty() ? "default" : started.task_queue();
  }
  history.turns.push_back(turn);
  history.closed = record.last();
  changed_.insert(record.run);
}

void Shaker::check() {
  for (const store::RunNumber number : std::exchange(changed_, {})) {
    History& history = histories_[number];
    if (!history.found) check(history);
    if (history.closed) {
      histories_.erase(number);
    } else {
      drop_segments(&history.turns);
    }
  }
}

void Shaker::check(History& history) {
  static const Memory kMemories[] = {{0xa5, false, "filled with 0xa5, addresses rising"},
                                     {0x5a, true, "filled with 0x5a, addresses falling"}};
  const auto code = code_.workflows.find(history.info.workflow);
  if (code == code_.workflows.end()) return;
  std::vector<const Memory*> ways;
  if (shake_) {
    for (const Memory& memory : kMemories) ways.push_back(&memory);
  } else {
    ways.push_back(nullptr);
  }
  for (const Memory* memory : ways) {
    std::optional<replay::Trouble> trouble;
    thread_->run([&] { trouble = replay(history, code->second, memory); });
    if (!trouble) continue;
    history.found = true;
    std::string report = with_newline(trouble->report) + contents(*trouble);
    if (memory != nullptr) {
      report += "  shaken              replayed on another thread, stack and heap " + memory->text +
                ": what differs depends on memory that was never written, on the order or value of "
                "addresses, or on what belongs to a thread\n";
    }
    findings_.push_back(
        {history.info.run_id, {base::ErrorCode::kNondeterminism, std::move(report)}});
    return;
  }
}

// Everything is made and destroyed on the other thread: a strand never moves.
std::optional<replay::Trouble> Shaker::replay(const History& history,
                                              const replay::WorkflowCode& code,
                                              const Memory* memory) {
  std::optional<ShakenHeap> heap;
  replay::StackPoolOptions stacks{.stacks_per_slab = 64};
  if (memory != nullptr) {
    heap.emplace(memory->fill, memory->falling);
    stacks.fill = memory->fill;
  }
  replay::StackPool pool(stacks);
  std::optional<replay::Execution> execution;
  for (const proto::Turn& turn : history.turns) {
    if (!execution || execution->at_checkpoint()) {
      execution.emplace(history.info, code, pool, replay::ExecutionOptions{.strict = true});
    }
    if (execution->replay_turn(turn) == replay::TurnEnd::kParked) return execution->trouble();
  }
  return std::nullopt;
}

std::optional<Shaker::Finding> Shaker::take_finding() {
  if (findings_.empty()) return std::nullopt;
  Finding first = std::move(findings_.front());
  findings_.erase(findings_.begin());
  return first;
}

}  // namespace reprise::internal
