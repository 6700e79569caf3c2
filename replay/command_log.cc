#include "replay/command_log.h"

#include <algorithm>

#include "base/check.h"
#include "base/utf8.h"
#include "event/compare.h"
#include "event/text.h"
#include "replay/difference.h"

namespace reprise::replay {

void CommandLog::begin_live(proto::Turn* turn, std::uint64_t events_before) {
  live_ = turn;
  recorded_ = nullptr;
  events_before_ = events_before;
}

void CommandLog::begin_replay(const proto::Turn& recorded, std::uint64_t events_before) {
  live_ = nullptr;
  recorded_ = &recorded;
  events_before_ = events_before;
  cursor_ = 0;
  if (stacks_) stacks_->learn(recorded);
  for (const proto::Stack& stack : recorded.stacks()) {
    last_stack_ = std::max(last_stack_, stack.id());
  }
}

std::uint64_t CommandLog::last_stack() const {
  return stacks_ == nullptr ? last_stack_ : std::max(last_stack_, stacks_->last());
}

void CommandLog::continue_stacks(std::uint64_t last) {
  last_stack_ = std::max(last_stack_, last);
  if (stacks_) stacks_->continue_after(last);
}

proto::Event* CommandLog::draft(base::CallSite site) {
  site_ = site;
  proto::Event* event = &scratch_;
  if (recorded_ == nullptr) {
    event = live_->add_commands();
    if (stacks_) stacks_->note(event);
  } else {
    scratch_.Clear();
  }
  if (site.line != 0) {
    proto::CallSite* const call = event->mutable_call_site();
    const std::string_view file = site.short_file();
    if (base::is_text(file)) {
      call->mutable_file()->assign(file);
    } else {
      call->set_file(base::to_text(std::string(file)));
    }
    call->set_line(site.line);
  }
  return event;
}

bool CommandLog::submit() {
  if (recorded_ == nullptr) return true;
  pass_over(next());
  const proto::Event* recorded = peek();
  if (recorded == nullptr) {
    fail(Mismatch::Kind::kExtra, nullptr, &scratch_);
    return false;
  }
  if (!event::same_command(*recorded, scratch_)) {
    const Difference found = difference(*recorded_, cursor_, scratch_);
    fail(found.kind, recorded, &scratch_);
    if (found.found_at >= 0) mismatch_->found_at = command_number(found.found_at);
    return false;
  }
  if (strict_ && !event::same_input(*recorded, scratch_)) {
    fail(Mismatch::Kind::kChangedInput, recorded, &scratch_);
    return false;
  }
  ++cursor_;
  return true;
}

int CommandLog::next() const {
  int index = cursor_;
  while (index < recorded_->commands_size() &&
         recorded_->commands(index).patch_recorded().deprecated()) {
    ++index;
  }
  return index;
}

const proto::Event* CommandLog::peek() const {
  if (recorded_ == nullptr) return nullptr;
  const int index = next();
  return index < recorded_->commands_size() ? &recorded_->commands(index) : nullptr;
}

void CommandLog::accept_recorded() {
  REPRISE_CHECK(peek() != nullptr, "only a recorded command can be accepted");
  pass_over(next());
  ++cursor_;
}

const proto::Event* CommandLog::marker(std::string_view change_id) const {
  if (recorded_ == nullptr || cursor_ == recorded_->commands_size()) return nullptr;
  const proto::Event& next = recorded_->commands(cursor_);
  return next.has_patch_recorded() && next.patch_recorded().change_id() == change_id ? &next
                                                                                     : nullptr;
}

bool CommandLog::accept_marker(std::string_view change_id) {
  if (std::find(passed_.begin(), passed_.end(), change_id) != passed_.end()) return true;
  if (recorded_ == nullptr) return false;
  const int last = std::min(next(), recorded_->commands_size() - 1);
  for (int index = cursor_; index <= last; ++index) {
    if (recorded_->commands(index).patch_recorded().change_id() != change_id) continue;
    pass_over(index);
    ++cursor_;
    return true;
  }
  return false;
}

void CommandLog::pass_over(int end) {
  for (; cursor_ < end; ++cursor_) {
    passed_.push_back(recorded_->commands(cursor_).patch_recorded().change_id());
  }
}

void CommandLog::reject_input(const proto::Event& input, std::uint64_t event) {
  fail(Mismatch::Kind::kOrphanInput, &input, nullptr);
  mismatch_->event = event;
}

void CommandLog::reject_after_end(const proto::Turn& recorded, int index) {
  const proto::Event* first = index < recorded.inputs_size() ? &recorded.inputs(index)
                              : recorded.commands_size() > 0 ? &recorded.commands(0)
                                                             : nullptr;
  fail(Mismatch::Kind::kLeftOver, first, nullptr);
  mismatch_->event = events_before_ + static_cast<std::uint64_t>(index) + 1;
}

void CommandLog::reject_beginning(const proto::Event* first, std::uint64_t event) {
  fail(Mismatch::Kind::kCutShort, first, nullptr);
  mismatch_->event = event;
}

bool CommandLog::finish() {
  if (recorded_ == nullptr) {
    if (stacks_) stacks_->finish(live_);
    return true;
  }
  pass_over(next());
  if (const proto::Event* left_over = peek(); left_over != nullptr) {
    const bool marker = left_over->kind_case() == proto::Event::kPatchRecorded;
    fail(marker ? Mismatch::Kind::kMarkerMissing : Mismatch::Kind::kMissing, left_over, nullptr);
    return false;
  }
  // The turn may be gone when a later one fails: keeps what the report needs, without payloads.
  if (cursor_ > 0) {
    event::outline(recorded_->commands(cursor_ - 1), &last_match_);
    last_match_event_ = command_number(cursor_ - 1);
  }
  return true;
}

std::uint64_t CommandLog::command_number(int index) const {
  return events_before_ + static_cast<std::uint64_t>(recorded_->inputs_size() + index) + 1;
}

void CommandLog::fail(Mismatch::Kind kind,
                      const proto::Event* recorded,
                      const proto::Event* attempted) {
  if (mismatch_) return;  // the first difference is the one that counts
  mismatch_ = std::make_unique<Mismatch>();
  mismatch_->kind = kind;
  if (recorded_ != nullptr) mismatch_->event = command_number(cursor_);
  if (recorded != nullptr) mismatch_->recorded = *recorded;
  if (attempted != nullptr) mismatch_->attempted = *attempted;
  mismatch_->unmarked = unmarked_;
  if (recorded_ != nullptr && cursor_ > 0) {
    event::outline(recorded_->commands(cursor_ - 1), &last_match_);
    last_match_event_ = command_number(cursor_ - 1);
  }
  if (last_match_event_ > 0) mismatch_->last_match = last_match_;
  mismatch_->last_match_event = last_match_event_;
}

}  // namespace reprise::replay
