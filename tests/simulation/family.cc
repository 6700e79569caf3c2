// Runs and those that they have started, across all histories: each child was started once if its
// parent asked for it and was not told otherwise, the parent was told the end that it had, and the
// end of a parent did to each child what was agreed.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/simulation/history.h"

namespace reprise::simulation {

namespace {

using proto::ChildScheduled;
using proto::Event;
using runtime::RunStatus;

using Key = std::pair<std::string, std::uint32_t>;  // the parent's run id, and its operation

// One that a run has asked for, and what it was told.
struct Kid {
  const History* parent = nullptr;
  const ChildScheduled* asked = nullptr;
  store::Seq asked_at = 0;  // the record
  const proto::ChildStarted* began = nullptr;
  store::Seq began_at = 0;
  const Event* end = nullptr;
  store::Seq end_at = 0;
  const History* run = nullptr;  // the first one of its own; nullptr: it was never started
  int cancels = 0;               // that it got because its parent had ended

  bool refused() const { return end != nullptr && end->child_failed().refused(); }
  bool existing() const { return began != nullptr && began->existing(); }
};

store::Seq last_of(const History& history) {
  return history.records.back().seq;
}

const proto::Sender* sender_of_cancel(const Event& input) {
  return input.cancel_requested().has_sender() ? &input.cancel_requested().sender() : nullptr;
}

class Family {
 public:
  Family(const std::vector<History>& histories, Verdict* verdict)
      : histories_(histories), verdict_(verdict) {}

  void check(bool at_rest) {
    for (const History& history : histories_) runs_[history.started().run_id()] = &history;
    for (const History& history : histories_) add_asked(history);
    for (const History& history : histories_) add_told(history);
    for (const History& history : histories_) add_run(history);
    for (const History& history : histories_) add_requests(history);
    for (const auto& [key, kid] : kids_) {
      check_start(kid);
      check_end(kid);
      check_cancels(kid);
      if (at_rest) check_rest(kid);
    }
  }

 private:
  // ---- what the histories say ----
  void add_asked(const History& history) {
    for (std::size_t i = 0; i < history.turns.size(); ++i) {
      for (const Event& command : history.turns[i].commands()) {
        if (!command.has_child_scheduled()) continue;
        Kid& kid = kids_[{history.started().run_id(), command.child_scheduled().id()}];
        kid.parent = &history;
        kid.asked = &command.child_scheduled();
        kid.asked_at = history.records[i].seq;
      }
    }
  }

  void add_told(const History& history) {
    for (std::size_t i = 0; i < history.turns.size(); ++i) {
      for (const Event& input : history.turns[i].inputs()) {
        const store::Seq seq = history.records[i].seq;
        if (input.has_child_started()) add_start(history, input.child_started(), seq);
        if (input.has_child_completed()) {
          add_end(history, input.child_completed().id(), input, seq);
        }
        if (input.has_child_failed()) add_end(history, input.child_failed().id(), input, seq);
      }
    }
  }
  Kid* told(const History& history, std::uint32_t id) {
    const auto found = kids_.find({history.started().run_id(), id});
    if (found != kids_.end()) return &found->second;
    bad(history, "was told of child " + std::to_string(id) + ", which it has not asked for");
    return nullptr;
  }
  void add_start(const History& history, const proto::ChildStarted& began, store::Seq seq) {
    Kid* const kid = told(history, began.id());
    if (kid == nullptr) return;
    if (kid->began != nullptr || kid->end != nullptr) bad(*kid, "began, and its parent knew that");
    kid->began = &began;
    kid->began_at = seq;
  }
  void add_end(const History& history, std::uint32_t id, const Event& input, store::Seq seq) {
    Kid* const kid = told(history, id);
    if (kid == nullptr) return;
    if (kid->end != nullptr) bad(*kid, "has ended, and its parent knew that");
    kid->end = &input;
    kid->end_at = seq;
  }

  // One that another run has started, or that continues such a run.
  void add_run(const History& history) {
    const proto::RunStarted& started = history.started();
    if (is_continuation(history)) return check_continuation(history);
    if (!started.has_parent()) return;
    const auto found = kids_.find({started.parent().run_id(), started.parent().id()});
    if (found == kids_.end()) return bad(history, "has a parent that has not asked for it");
    Kid& kid = found->second;
    if (kid.run != nullptr) bad(kid, "was started twice");
    kid.run = &history;
    if (started.run_id() != kid.asked->run_id() || id_of(history) != kid.asked->workflow_id() ||
        started.input() != kid.asked->input() ||
        started.on_parent_close() != kid.asked->on_parent_close() ||
        started.depth() != kid.parent->started().depth() + 1 ||
        id_of_parent(started.parent()) != id_of(*kid.parent)) {
      bad(kid, "is not what its parent has asked for");
    }
    if (history.records.front().seq <= kid.asked_at) bad(kid, "began before it was asked for");
  }
  static std::string id_of_parent(const proto::Sender& parent) {
    if (!parent.workflow_id().empty()) return parent.workflow_id();
    return base::RunId::from_bytes(parent.run_id())->to_string();
  }
  void check_continuation(const History& history) {
    const auto found = runs_.find(history.started().continued_from_run_id());
    if (found == runs_.end()) return;  // check_chains() says so
    const proto::RunStarted& from = found->second->started();
    const proto::RunStarted& started = history.started();
    if (from.has_parent() == started.has_parent() && from.depth() == started.depth() &&
        from.parent().SerializeAsString() == started.parent().SerializeAsString()) {
      return;
    }
    bad(history, "has another parent than the run that it continues");
  }

  // To cancel, or to end, by the end of a parent.
  void add_requests(const History& history) {
    RecordedAgain again(recorded_before(history));
    for (std::size_t i = 0; i < history.turns.size(); ++i) {
      for (const Event& input : history.turns[i].inputs()) {
        if (again.is(input)) continue;
        if (input.run_terminated().reason().starts_with("its parent ")) {
          parent_ended(history, i, ChildScheduled::TERMINATE);
        }
        const proto::Sender* const sender = sender_of_cancel(input);
        if (sender == nullptr || !kids_.contains({sender->run_id(), sender->id()})) continue;
        if (sender->SerializeAsString() != history.started().parent().SerializeAsString()) {
          bad(history, "was asked to cancel because a run ended that is not its parent");
        } else if (Kid* const kid = parent_ended(history, i, ChildScheduled::CANCEL)) {
          ++kid->cancels;
        }
      }
    }
  }
  Kid* parent_ended(const History& history, std::size_t turn, ChildScheduled::ParentClose agreed) {
    const proto::Sender& parent = history.started().parent();
    const auto found = kids_.find({parent.run_id(), parent.id()});
    if (found == kids_.end()) {
      bad(history, "was touched by the end of a parent, which it does not have");
      return nullptr;
    }
    Kid& kid = found->second;
    if (kid.asked->on_parent_close() != agreed) bad(kid, "was touched in a way not agreed");
    if (!kid.parent->closed() || last_of(*kid.parent) >= history.records[turn].seq) {
      bad(kid, "was touched by the end of its parent, which had not ended");
    }
    return &kid;
  }

  // ---- what must hold ----
  void check_start(const Kid& kid) {
    if (kid.refused() && kid.began != nullptr) bad(kid, "was refused and has begun");
    const bool unwanted = kid.refused() || kid.existing();
    if (unwanted && kid.run != nullptr) bad(kid, "was started all the same");
    if (kid.parent->closed() && kid.began == nullptr && kid.end == nullptr) {
      bad(kid, "may have begun, and its parent has ended without knowing");
    }
    if (kid.began == nullptr) return;
    const auto begun = runs_.find(kid.began->run_id());
    if (begun == runs_.end()) return bad(kid, "counts as begun and is not in the log");
    if (!kid.existing() && begun->second != kid.run) bad(kid, "counts as begun as another run");
    if (id_of(*begun->second) != kid.asked->workflow_id()) bad(kid, "began under another id");
    if (begun->second->records.front().seq >= kid.began_at) bad(kid, "counts as begun too early");
  }

  // The last run of its chain, or of that of the run that was used instead; nullptr: it has not
  // begun.
  const History* last_run_of(const Kid& kid) const {
    if (kid.began == nullptr && kid.run == nullptr) return nullptr;
    return last_of_chain(kid.began != nullptr ? kid.began->run_id() : kid.asked->run_id(),
                         histories_);
  }

  void check_end(const Kid& kid) {
    if (kid.end == nullptr || kid.refused()) return;
    const History* const last = last_run_of(kid);
    if (last == nullptr || !last->closed()) return bad(kid, "counts as ended and has not");
    if (last_of(*last) >= kid.end_at) bad(kid, "counts as ended too early");
    const runtime::RunEnd end = runtime::end_of(last->turns.back());
    if (!is_end(*kid.end, end)) {
      bad(kid, "is " + std::string(runtime::to_string(end.status)) + ", and its parent was told " +
                   kid.end->ShortDebugString());
    }
  }
  static bool is_end(const Event& told, const runtime::RunEnd& end) {
    if (end.status == RunStatus::kCompleted) {
      return told.has_child_completed() && told.child_completed().result() == end.result;
    }
    if (!told.has_child_failed()) return false;
    const proto::Failure& cause = told.child_failed().failure().cause();
    if (end.status == RunStatus::kTerminated) return cause.kind() == proto::Failure::TERMINATED;
    return cause.kind() == end.failure().kind() && cause.type() == end.failure().type() &&
           cause.message() == end.failure().message();
  }

  void check_cancels(const Kid& kid) {
    if (kid.cancels > 1) bad(kid, "was asked to cancel more than once because its parent ended");
  }

  // Nothing is under way any more.
  void check_rest(const Kid& kid) {
    const History* const last = last_run_of(kid);
    if (!kid.parent->closed()) {
      if (kid.began == nullptr && kid.end == nullptr) bad(kid, "did not begin");
      if (last != nullptr && last->closed() && kid.end == nullptr) {
        bad(kid, "has ended, and its parent waits");
      }
      return;
    }
    if (kid.run == nullptr || last->closed()) return;
    const bool asked = kid.cancels > 0;
    if (kid.asked->on_parent_close() == ChildScheduled::TERMINATE ||
        (kid.asked->on_parent_close() == ChildScheduled::CANCEL && !asked)) {
      verdict_->found(Flaw::kOrphan, name_of(kid) + " goes on, and its parent has ended");
    }
  }

  static std::string name_of(const Kid& kid) {
    return "child " + std::to_string(kid.asked->id()) + " ('" + kid.asked->workflow_id() +
           "') of " + simulation::name_of(*kid.parent);
  }
  void bad(const Kid& kid, const std::string& what) {
    verdict_->found(Flaw::kChild, name_of(kid) + " " + what);
  }
  void bad(const History& history, const std::string& what) {
    verdict_->found(Flaw::kChild, simulation::name_of(history) + " " + what);
  }

  const std::vector<History>& histories_;
  Verdict* const verdict_;
  std::map<std::string, const History*> runs_;  // by run id
  std::map<Key, Kid> kids_;
};

}  // namespace

void check_family(const std::vector<History>& histories, bool at_rest, Verdict* verdict) {
  Family(histories, verdict).check(at_rest);
}

}  // namespace reprise::simulation
