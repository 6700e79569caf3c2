// Who did what to a run, and what it did: RunHandle::audit(). docs/operations.md.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <reprise/time.h>
#include <string>
#include <vector>

namespace reprise {

enum class Actor : std::uint8_t {
  kClient,  // somebody outside
  kRun,     // another run: a message, a child's end, a parent
  kCode,    // the run's own code
  kWorker,  // an attempt of an activity, a step or a transaction
  kEngine,  // a limit, a delay, the end of a process
};

// An event of the run's history, for those who must answer for it. A plain value; what an event
// does not have is empty. Texts are as recorded: they may not be printable.
struct AuditEntry {
  std::uint64_t event = 0;  // its number in the history
  Time time{};
  std::string kind;  // "SignalReceived"
  Actor by{};
  // Of kClient, if it has said (ClientOptions::principal). Of kRun when a schedule has started the
  // run: who created that.
  std::string principal;
  std::string run;  // of kRun: its workflow id, or its run id if that is all that is known
  // The name of the signal, the activity...; also of the operation that an outcome belongs to.
  std::string name;
  std::uint32_t operation = 0;    // its number
  int attempt = 0;                // of AttemptFailed
  std::optional<bool> outcome{};  // of a decision
  std::string reason;             // that somebody gave
  std::string failure;            // as text, with its causes; printable
  // What it was given or what it returned, as JSON; empty: nothing, or, with a name, what does not
  // open. The name is that in histories: "input", "result", "value", "heartbeat".
  std::string payload_name;
  std::string payload;
  std::string place;  // "shop/checkout.cc:53", of the code that asked for it
  // The run was reset or forked, and what the event says is of the run with this id, from whose
  // history it was copied. Empty: it is of this run.
  std::string copied_from;
};

struct AuditOptions {
  std::size_t limit = 100;   // 1 to kMaxAuditEntries entries (InvalidOption RP3010)
  std::uint64_t before = 0;  // AuditPage::next of the page before; 0: the newest entries
  // Also timers, heartbeats, values of side effects and the like.
  bool technical = false;
};
inline constexpr std::size_t kMaxAuditEntries = 1'000;

// A plain value.
struct AuditPage {
  // The newest first. Fewer than the limit if their payloads are large (16 MiB).
  std::vector<AuditEntry> entries;
  std::uint64_t next = 0;  // AuditOptions::before of the page after this one; 0: there is none
};

}  // namespace reprise
