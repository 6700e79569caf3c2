// Where commands go. In a live turn they are appended to it; in a replayed one each is compared
// with the next recorded command, and the first difference is kept as a Mismatch.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/call_site.h"
#include "proto/log.pb.h"
#include "replay/mismatch.h"
#include "replay/stack_recorder.h"

namespace reprise::replay {

class CommandLog {
 public:
  // `stacks`: nullptr: none are recorded.
  CommandLog(bool strict, StackTexts* stacks)
      : strict_(strict),
        stacks_(stacks == nullptr ? nullptr : std::make_unique<StackRecorder>(*stacks)) {}

  // `events_before`: how many events of the history come before this turn's.
  void begin_live(proto::Turn* turn, std::uint64_t events_before);
  void begin_replay(const proto::Turn& recorded, std::uint64_t events_before);

  // The highest number of a stack that the run has recorded; and that of the part of its history
  // before this log.
  std::uint64_t last_stack() const;
  void continue_stacks(std::uint64_t last);

  bool replaying() const { return recorded_ != nullptr; }

  // The command to fill in, then to submit. Valid until then.
  proto::Event* draft(base::CallSite site);
  base::CallSite site() const { return site_; }  // of the last draft
  // The command that was filled in, in a replayed turn.
  const proto::Event& attempted() const { return scratch_; }
  // False: it differs from the log; mismatch() says how.
  [[nodiscard]] bool submit();

  // The next recorded command that the code must ask for, or nullptr when there is none or the turn
  // is live. Markers of deprecated changes need not be asked for.
  const proto::Event* peek() const;
  // The number of the event that the next command is compared with, or would be.
  std::uint64_t next_number() const { return command_number(next()); }
  // The number of the marker that marker() returns.
  std::uint64_t marker_number() const { return command_number(cursor_); }
  // Accepts the next recorded command as what the code asked for.
  void accept_recorded();
  std::uint64_t last_accepted() const { return command_number(cursor_ - 1); }  // its event
  // The marker of this change, if it is the very next recorded command; nullptr: it is not.
  const proto::Event* marker(std::string_view change_id) const;
  // Does the log have the marker of this change here? If so, accepts it. It may be among deprecated
  // markers, or may have been skipped as one.
  [[nodiscard]] bool accept_marker(std::string_view change_id);
  // The code takes the new branch of this change for granted, and the run has no marker of it.
  void note_unmarked(std::string_view change_id) { unmarked_ = change_id; }

  // A recorded input that answers no command; `event` is its number in the history.
  void reject_input(const proto::Event& input, std::uint64_t event);
  // The history goes on after the end of the code, with this input of the recorded turn.
  void reject_after_end(const proto::Turn& recorded, int index);
  // The history has no start before this event; nullptr: it has no events.
  void reject_beginning(const proto::Event* first, std::uint64_t event);
  // After the code of a turn, not on a strand. False: the recorded turn has commands that the code
  // did not ask for.
  [[nodiscard]] bool finish();

  const Mismatch* mismatch() const { return mismatch_.get(); }  // nullptr: none so far

 private:
  int next() const;  // index of what peek() returns, or one past the last command
  void pass_over(int end);
  std::uint64_t command_number(int index) const;
  void fail(Mismatch::Kind kind, const proto::Event* recorded, const proto::Event* attempted);

  bool strict_;
  std::unique_ptr<StackRecorder> stacks_;
  std::uint64_t last_stack_ = 0;  // of recorded turns
  std::uint64_t events_before_ = 0;
  proto::Turn* live_ = nullptr;
  const proto::Turn* recorded_ = nullptr;
  base::CallSite site_;
  int cursor_ = 0;                      // recorded commands that matched in this turn
  proto::Event scratch_;                // the attempted command of a replayed turn
  proto::Event last_match_;             // of earlier turns
  std::uint64_t last_match_event_ = 0;  // 0: none so far
  std::vector<std::string> passed_;     // changes whose deprecated markers the code did not ask for
  std::string unmarked_;
  std::unique_ptr<Mismatch> mismatch_;
};

}  // namespace reprise::replay
