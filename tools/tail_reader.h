// Follows a store: returns every turn that becomes durable once, in the order of the log, even if
// the engine has moved it from the journal to the archive before it was read here.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>

#include "runtime/engine/store_reader.h"

namespace reprise::tools {

struct TailRun {
  std::string workflow = "(unknown)";
  std::string workflow_id{};
  base::RunId id{};
  std::uint64_t events = 0;  // before the turn at hand
};

// Keeps the names of the runs that it has seen and that are open. One thread.
class TailReader {
 public:
  // Starts after what is durable now. `reader` must outlive it.
  static base::Result<TailReader> from_now(runtime::StoreReader& reader);

  // Only this run's turns.
  void only(store::RunNumber run) { only_ = run; }

  using Visitor = std::function<void(store::Seq, const TailRun&, const proto::Turn&)>;
  // Everything new, up to some thousand turns; false: that was all. `visit` is called outside read
  // transactions, so it may be slow.
  base::Result<bool> poll(const Visitor& visit);

  // Turns that were removed before they were read (their runs had ended, and retention removed
  // them), or that do not decode.
  std::uint64_t lost() const { return lost_; }

 private:
  TailReader(runtime::StoreReader& reader, store::Seq next) : reader_(&reader), next_(next) {}

  struct Taken {
    store::Seq seq = 0;
    store::RunNumber run = 0;
    std::string turn;
  };
  base::Result<std::vector<Taken>> read_journal(store::Seq* behind_gap);
  base::Result<std::vector<Taken>> read_archive(store::Seq end);
  void deliver(const Taken& taken, const Visitor& visit);
  TailRun& run_of(const Taken& taken, const proto::Turn& turn);

  runtime::StoreReader* reader_;
  store::Seq next_;
  store::RunNumber only_ = 0;
  std::uint64_t lost_ = 0;
  std::unordered_map<store::RunNumber, TailRun> runs_;
};

}  // namespace reprise::tools
