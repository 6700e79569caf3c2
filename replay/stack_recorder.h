// The stacks of commands, as a history records them: each different one once, with names.
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/symbols.h"
#include "proto/log.pb.h"

namespace reprise::replay {

// The texts of stacks, shared by the runs of a thread: a new stack gets its names once (some 0.1
// ms), after that it costs a table lookup. Belongs to one thread.
class StackTexts {
 public:
  struct Text {
    std::uint64_t digest = 0;         // of `frames`
    std::vector<std::string> frames;  // the user's, "shop::charge shop/checkout.cc:41"
  };

  // `symbols` must outlive it.
  explicit StackTexts(base::Symbols& symbols) : symbols_(symbols) {}

  // Valid as long as this is. Reads debug information: not on a strand.
  const Text& of(std::span<void* const> frames);

  static std::uint64_t digest(std::span<const std::string> frames);

 private:
  base::Symbols& symbols_;
  std::unordered_map<std::uint64_t, Text> texts_;  // by the addresses
};

// The stacks of one run. Numbers rise from 1 in the order of the history, so a run that comes back
// to memory continues after those that it has recorded.
class StackRecorder {
 public:
  explicit StackRecorder(StackTexts& texts) : texts_(texts) {}

  // Records the caller's stack for the command, which lives until finish(). Does nothing outside a
  // strand: there the engine itself makes the command, to cancel what a cancelled run waits for.
  void note(proto::Event* command);
  // After the code of a live turn, not on a strand: gives the commands their stacks, and the turn
  // those that are new.
  void finish(proto::Turn* turn);
  // A turn that was recorded before.
  void learn(const proto::Turn& recorded);
  // Turns that were recorded before, and are not known, have stacks up to that number.
  void continue_after(std::uint64_t last) { last_ = std::max(last_, last); }
  std::uint64_t last() const { return last_; }

 private:
  struct Noted {
    proto::Event* command = nullptr;
    std::size_t first = 0;  // in addresses_
    std::size_t count = 0;
  };
  std::uint64_t number_of(const StackTexts::Text& text, proto::Turn* turn);

  StackTexts& texts_;
  std::vector<Noted> noted_;
  std::vector<void*> addresses_;
  std::unordered_map<std::uint64_t, std::uint64_t> numbers_;  // by the digest of the text
  std::uint64_t last_ = 0;
};

}  // namespace reprise::replay
