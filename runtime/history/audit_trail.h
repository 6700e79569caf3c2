// Who did what to a run, and what it did: its history for those who must answer for it. The
// catalogue says of each kind of event who causes it and what it carries, so new kinds are part of
// a trail without a change here.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "event/catalogue.h"
#include "proto/log.pb.h"

namespace reprise::runtime {

enum class Actor : std::uint8_t {
  kClient,  // named by its principal, or not
  kRun,     // another run: a message, a child, a parent
  kCode,    // the run's own
  kWorker,  // an attempt of an activity, a step or a transaction
  kEngine,  // a limit, a delay, the end of the process
};
std::string_view to_string(Actor actor);  // "client"

struct AuditEntry {
  std::uint64_t number = 0;  // of the event in the history
  std::int64_t time_ms = 0;
  Actor actor = Actor::kEngine;
  // kClient; empty: it has not said. kRun: of a run that a schedule has started, who created that.
  std::string principal{};
  std::string other_run{};  // kRun: its workflow id, or its run id; empty: not known
  std::string name{};       // that users chose, also of the operation that the event answers
  // The run was reset or forked, and what the event says is of the run with this id, from whose
  // history it was copied. Empty: it is of the run itself.
  std::string copied_from{};
  proto::Event event{};
};

// Timers, values of side effects and the like: nobody has to answer for them.
bool is_technical(const event::Row& row);

Actor actor_of(const event::Row& row, const proto::Event& event);

// The names of operations, for events that have only their ids: some 4 bytes for each.
class OperationNames {
 public:
  void note(const event::Row& row, const proto::Event& event);
  std::string_view name_of(const event::Row& row, const proto::Event& event) const;

 private:
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
  std::vector<const std::string*> names_;
  std::vector<std::uint32_t> by_id_;  // a number and one, 0: none
};

// The name that histories give the payload of such an event: "input", "result", "value".
std::string payload_name(const event::Row& row, const proto::Event& event);

AuditEntry make_audit_entry(const event::Row& row,
                            const proto::Event& event,
                            std::int64_t time_ms,
                            std::uint64_t number,
                            const OperationNames& names);

}  // namespace reprise::runtime
