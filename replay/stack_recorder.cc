#include "replay/stack_recorder.h"

#include <algorithm>
#include <array>

#include "base/ids.h"
#include "base/stack_frames.h"
#include "base/utf8.h"
#include "replay/strand.h"
#include "replay/user_frames.h"

namespace reprise::replay {

const StackTexts::Text& StackTexts::of(std::span<void* const> frames) {
  const std::string_view addresses(reinterpret_cast<const char*>(frames.data()),
                                   frames.size_bytes());
  const auto [entry, is_new] = texts_.try_emplace(base::hash64(addresses));
  Text& text = entry->second;
  if (is_new) {
    for (const auto& symbol : user_frames(frames, symbols_)) {
      text.frames.push_back(base::to_text(to_string(symbol)));
    }
    text.digest = digest(text.frames);
  }
  return text;
}

std::uint64_t StackTexts::digest(std::span<const std::string> frames) {
  std::uint64_t all = 0;
  for (const std::string& frame : frames) all = base::hash64(frame, all);
  return all;
}

void StackRecorder::note(proto::Event* command) {
  if (Strand::current() == nullptr) return;
  std::array<void*, base::kMostFrames> frames;
  const std::size_t count = base::stack_frames(frames);
  noted_.push_back({command, addresses_.size(), count});
  addresses_.insert(addresses_.end(), frames.begin(),
                    frames.begin() + static_cast<std::ptrdiff_t>(count));
}

void StackRecorder::finish(proto::Turn* turn) {
  for (const Noted& noted : noted_) {
    const auto& text = texts_.of(std::span(addresses_).subspan(noted.first, noted.count));
    // Commands of the engine itself, such as the end of the run, have no stack.
    if (text.frames.empty()) continue;
    noted.command->mutable_call_site()->set_stack(number_of(text, turn));
  }
  noted_.clear();
  addresses_.clear();
}

std::uint64_t StackRecorder::number_of(const StackTexts::Text& text, proto::Turn* turn) {
  const auto [known, is_new] = numbers_.try_emplace(text.digest, last_ + 1);
  if (is_new) {
    proto::Stack* stack = turn->add_stacks();
    stack->set_id(++last_);
    for (const std::string& frame : text.frames) stack->add_frames(frame);
  }
  return known->second;
}

void StackRecorder::learn(const proto::Turn& recorded) {
  for (const proto::Stack& stack : recorded.stacks()) {
    const std::vector<std::string> frames(stack.frames().begin(), stack.frames().end());
    numbers_.try_emplace(StackTexts::digest(frames), stack.id());
    last_ = std::max(last_, stack.id());
  }
}

}  // namespace reprise::replay
