#include "tools/tail_reader.h"

#include <algorithm>

#include "event/turn.h"
#include "proto/parse.h"
#include "runtime/history/history.h"
#include "tools/every_run.h"

namespace reprise::tools {
namespace {

// The most that one reading of the journal takes.
constexpr std::size_t kMostRecords = 4'096;
constexpr std::size_t kMostBytes = std::size_t{16} << 20;

void name(const proto::Turn& first_turn, TailRun* run) {
  proto::History history;
  *history.add_turns() = first_turn;
  const replay::RunInfo info = runtime::run_info(history);
  run->workflow = info.workflow;
  run->workflow_id = info.workflow_id;
  run->id = info.run_id;
}

}  // namespace

base::Result<TailReader> TailReader::from_now(runtime::StoreReader& reader) {
  const auto last = reader.store().journal().last();
  if (!last) return last.error();
  return TailReader(reader, *last + 1);
}

// The journal is read first: records that have left it by then are certainly in the archive.
base::Result<bool> TailReader::poll(const Visitor& visit) {
  const auto last = reader_->store().journal().last();
  if (!last) return last.error();
  if (*last < next_) return false;
  store::Seq behind_gap = 0;
  auto taken = read_journal(&behind_gap);
  if (taken && behind_gap != 0) {
    taken = read_archive(behind_gap);
    if (taken) lost_ += behind_gap - next_ - taken->size();
    next_ = behind_gap;
  }
  if (!taken) return taken.error();
  for (const Taken& turn : *taken) deliver(turn, visit);
  return next_ <= *last;
}

// Up to where records are missing, if any are.
base::Result<std::vector<TailReader::Taken>> TailReader::read_journal(store::Seq* behind_gap) {
  std::vector<Taken> taken;
  std::size_t bytes_taken = 0;
  const auto read =
      reader_->store().journal().scan(next_, [&](store::Seq seq, std::string_view bytes) {
        if (seq != next_) {
          if (taken.empty()) *behind_gap = seq;
          return base::Next::kStop;
        }
        ++next_;
        std::size_t size = 0;
        const auto record = store::decode_record(bytes, &size);
        lost_ += record ? 0 : 1;
        if (record && (only_ == 0 || record->run == only_)) {
          taken.push_back({seq, record->run, std::string(record->body)});
          bytes_taken += size;
        }
        return base::go_on_if(taken.size() < kMostRecords && bytes_taken < kMostBytes);
      });
  if (!read) return read.error();
  return taken;
}

// From next_ on, up to `end`. It is not known to which runs these records belong, so all histories
// with anything newer are read.
base::Result<std::vector<TailReader::Taken>> TailReader::read_archive(store::Seq end) {
  if (const auto refreshed = reader_->refresh(); !refreshed) return refreshed.error();
  std::vector<runtime::StoreReader::Run> runs;
  const auto visited = visit_every_run(*reader_, [&](const runtime::StoreReader::Run& run) {
    if (run->last_seq >= next_ && reader_->damage(run->number) == nullptr) runs.push_back(run);
  });
  if (!visited) return visited.error();
  std::vector<Taken> taken;
  for (const auto& run : runs) {
    // A history that is gone or damaged counts among the lost ones.
    (void)reader_->visit_turns(*run, [&](store::Seq seq, const proto::Turn& turn) {
      if (seq >= next_ && seq < end) taken.push_back({seq, run->number, turn.SerializeAsString()});
    });
  }
  const auto by_seq = [](const Taken& a, const Taken& b) { return a.seq < b.seq; };
  std::sort(taken.begin(), taken.end(), by_seq);
  return taken;
}

void TailReader::deliver(const Taken& taken, const Visitor& visit) {
  proto::Turn turn;
  if (only_ != 0 && taken.run != only_) return;
  if (!proto::parse(taken.turn, &turn)) {
    ++lost_;
    return;
  }
  TailRun& run = run_of(taken, turn);
  visit(taken.seq, run, turn);
  run.events += runtime::count_events(turn);
  if (event::closes(turn)) runs_.erase(taken.run);
}

// For a run that started earlier, its history tells.
TailRun& TailReader::run_of(const Taken& taken, const proto::Turn& turn) {
  const auto [known, is_new] = runs_.try_emplace(taken.run);
  TailRun& run = known->second;
  if (!is_new) return run;
  if (event::starts(turn)) {
    name(turn, &run);
    return run;
  }
  runtime::RunState state;
  state.number = taken.run;
  state.last_seq = taken.seq;
  (void)reader_->visit_turns(state, [&](store::Seq seq, const proto::Turn& earlier) {
    if (seq >= taken.seq) return;
    if (run.events == 0) name(earlier, &run);
    run.events += runtime::count_events(earlier);
  });
  return run;
}

}  // namespace reprise::tools
