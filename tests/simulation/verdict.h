// What was found wrong in a simulated world, by kind: a control expects the kind that it provokes.
#pragma once
#include <cstdint>
#include <map>
#include <string>

namespace reprise::simulation {

enum class Flaw : std::uint8_t {
  kLog,       // the log does not extend the acknowledged records
  kPromise,   // something acknowledged is not in the log, or something is in it twice
  kEffect,    // something happened before its cause was durable
  kTimer,     // a timer fired early
  kOrder,     // signals of one sender changed places
  kStuck,     // a run does not go on though it has work, or a request has no answer
  kOutcome,   // an operation has more than one outcome, or a late attempt's
  kReplay,    // replaying a history does not give the same commands
  kQuery,     // an answer that the history does not give
  kEnd,       // a client was told an end other than the recorded one
  kIdentity,  // two runs of one workflow id at once, or a start against its policy
  kMessage,   // one between runs was lost, doubled or misdirected
  kChild,     // a run started by another one began twice or not at all, or its end was told wrong
  kOrphan,    // one goes on though its parent has ended
  kTable,     // a transaction was lost, made twice, or did not see one before it
  kTrouble,   // a run was parked, or the engine reported an error
};
const char* to_string(Flaw flaw);

class Verdict {
 public:
  // The first of each kind is kept.
  void found(Flaw flaw, std::string what) { flaws_.try_emplace(flaw, std::move(what)); }
  bool ok() const { return flaws_.empty(); }
  bool has(Flaw flaw) const { return flaws_.contains(flaw); }
  const std::map<Flaw, std::string>& flaws() const { return flaws_; }

 private:
  std::map<Flaw, std::string> flaws_;
};

}  // namespace reprise::simulation
