#include "runtime/engine/recovery.h"

#include <algorithm>
#include <unordered_map>

#include <google/protobuf/arena.h>

namespace reprise::runtime {
namespace {

class Recovery {
 public:
  Recovery(store::Store& store, Names& names) : store_(store), names_(names) {}

  base::Result<Recovered> run() {
    for (const auto& step :
         {&Recovery::read_counters, &Recovery::read_summaries, &Recovery::read_tail}) {
      if (const base::Status status = (this->*step)(); !status) return status.error();
    }
    Recovered recovered;
    recovered.next_run = next_run_;
    recovered.last = last_;
    for (auto& [number, run] : runs_) recovered.runs.push_back(std::move(run));
    // In the order of their start, so that the newest run of a workflow id comes last.
    std::sort(recovered.runs.begin(), recovered.runs.end(),
              [](const auto& a, const auto& b) { return a.state.number < b.state.number; });
    return recovered;
  }

 private:
  base::Status read_counters() {
    const auto through = store_.archive().through();
    if (!through) return through.error();
    const auto next_run = store_.archive().next_run();
    if (!next_run) return next_run.error();
    const auto last = store_.journal().last();
    if (!last) return last.error();
    through_ = *through;
    next_run_ = *next_run;
    last_ = std::max(*last, *through);
    return {};
  }

  base::Status read_summaries() {
    base::Status failed;
    const base::Status listed = store_.archive().list(
        index_key(RunStatus::kRunning), {}, false, [&](std::string_view, store::RunNumber number) {
          failed = read_summary(number);
          return failed.has_value();
        });
    return listed ? failed : listed;
  }

  base::Status read_summary(store::RunNumber number) {
    const auto stored = store_.archive().summary(number);
    if (!stored) return stored.error();
    proto::RunSummary summary;
    if (!*stored || !summary.ParseFromString(**stored)) {
      return base::Error{base::ErrorCode::kStoreDamaged,
                         "the archive lists run number " + std::to_string(number) +
                             " as open and has no readable summary of it; restore a backup"};
    }
    RecoveredRun& run = runs_[number];
    run.state = RunState::from_summary(number, summary, names_);
    if (run.state.damaged_at != 0) quarantine(run, run.state.damaged_at);
    return {};
  }

  base::Status read_tail() {
    base::Status failed;
    const base::Status scanned =
        store_.journal().scan(through_ + 1, [&](store::Seq seq, std::string_view bytes) {
          std::size_t consumed = 0;
          const auto record = store::decode_record(bytes, &consumed);
          // Without its header nobody knows whose record it is.
          if (!record) failed = record.error();
          if (record) add(seq, *record);
          return failed.has_value();
        });
    return scanned ? failed : scanned;
  }

  void add(store::Seq seq, const store::Record& record) {
    RecoveredRun& run = runs_[record.run];
    run.state.number = record.run;
    next_run_ = std::max(next_run_, record.run + 1);
    if (run.damaged) return;
    auto* turn = google::protobuf::Arena::CreateMessage<proto::Turn>(&arena_);
    if (record.seq != seq || record.previous != run.state.last_seq ||
        !store::verify_record(record, run.state.chain) ||
        !turn->ParseFromArray(record.body.data(), static_cast<int>(record.body.size())) ||
        starts(*turn) != record.first()) {
      quarantine(run, seq);
    } else {
      run.state.apply(*turn, names_);
      run.state.last_seq = record.seq;
      run.state.chain = record.chain;
    }
    if (arena_.SpaceUsed() > kArenaBytes) arena_.Reset();
  }

  void quarantine(RecoveredRun& run, store::Seq seq) {
    run.damaged = true;
    run.state.damaged_at = seq;
    run.why =
        "record " + std::to_string(seq) +
        " of this run does not verify; the run is quarantined, restore a backup to get it back";
    // A run of which nothing could be read still needs names to be listed under.
    if (run.state.workflow == nullptr) run.state.workflow = names_.intern("(unreadable)");
    if (run.state.task_queue == nullptr) run.state.task_queue = names_.intern("(unreadable)");
  }

  // A run starts in its first turn and nowhere else: what it is called follows from that.
  static bool starts(const proto::Turn& turn) {
    return std::any_of(turn.inputs().begin(), turn.inputs().end(),
                       [](const proto::Event& input) { return input.has_run_started(); });
  }

  static constexpr std::size_t kArenaBytes = 1 << 20;

  store::Store& store_;
  Names& names_;
  google::protobuf::Arena arena_;
  std::unordered_map<store::RunNumber, RecoveredRun> runs_;
  store::Seq through_ = 0;
  store::Seq last_ = 0;
  store::RunNumber next_run_ = 1;
};

}  // namespace

base::Result<Recovered> recover(store::Store& store, Names& names) {
  return Recovery(store, names).run();
}

}  // namespace reprise::runtime
