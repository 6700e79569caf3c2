// A simulated machine's disk: what is on it survives the process; the marks of attempts under way
// survive the process and not the machine. SimStore is the store over it as one process sees it;
// when that process dies its store refuses everything, in the middle of a commit if need be.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "store/memory_archive.h"
#include "store/store.h"

namespace reprise::simulation {

// Where in a commit the process dies.
enum class Death { kNone, kBeforeWrite, kAfterWrite };

// One record as it was acknowledged: every later reading of the log must show it.
struct KeptRecord {
  store::Seq seq = 0;
  store::Seq previous = 0;
  std::uint64_t chain = 0;
  std::uint8_t flags = 0;
  std::string body;
  friend bool operator==(const KeptRecord&, const KeptRecord&) = default;
};
KeptRecord kept(const store::Record& record);

class SimDisk {
 public:
  std::map<store::Seq, std::string> journal;
  store::MemoryArchive archive;
  std::map<store::AttemptSlots::Slot, store::AttemptMark> marks;

  // What was acknowledged, by run: kept beside the disk, by whoever was told.
  std::map<store::RunNumber, std::vector<KeptRecord>> acknowledged;
  store::Seq acknowledged_through = 0;

  // Changes a turn on the disk and encodes its record and the run's later ones anew: a disk that
  // lies with correct checksums. False: this turn could not be changed.
  bool tamper(const std::function<bool(std::string* body)>& change);
  void lose_last_commit();

  store::Seq last_commit_began = 0;

  // A control: appends return before they are durable; the next append makes them durable.
  bool acknowledges_early = false;
};

// Of which it has records, or was to have some.
std::set<store::RunNumber> runs_on(const SimDisk& disk);

class SimStore final : public store::Store {
 public:
  explicit SimStore(SimDisk& disk);
  ~SimStore() override;

  store::Journal& journal() override;
  const store::Journal& journal() const override;
  store::Archive& archive() override;
  const store::Archive& archive() const override;
  store::AttemptSlots& attempt_slots() override;

  // The process ends now; what it does afterwards reaches nothing.
  void kill() { alive_ = false; }
  bool alive() const { return alive_; }
  void die_in_append(Death when) { in_append_ = when; }
  void die_in_archive(Death when) { in_archive_ = when; }

 private:
  class Journal;
  class Archive;
  class Slots;
  // Performs `write` unless the process dies before it; an error when it dies.
  base::Status write(Death& plan, base::FunctionRef<void()> write);

  SimDisk& disk_;
  bool alive_ = true;
  Death in_append_ = Death::kNone;
  Death in_archive_ = Death::kNone;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Archive> archive_;
  std::unique_ptr<Slots> slots_;
};

}  // namespace reprise::simulation
