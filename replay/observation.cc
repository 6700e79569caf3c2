#include "replay/observation.h"

namespace reprise::replay {

void Observation::applying(std::uint64_t number, const proto::Event& input) {
  if (is_told()) observer_->applying(number, input);
}

void Observation::settled() {
  if (!is_told() || left_) return;
  if (!observer_->settled()) leave();
}

void Observation::asks(const proto::Event& command) {
  if (observer_ != nullptr && log_.replaying()) asks(command, log_.next_number());
}

void Observation::asks(const proto::Event& command, std::uint64_t number) {
  if (observer_ == nullptr || !log_.replaying() || left_) return;
  if (!observer_->asks(number, command)) leave();
}

void Observation::resumed() {
  if (!is_told() || scheduler_.halted()) return;
  if (!observer_->resumed()) leave();
  if (left_) scheduler_.current()->strand.leave();
}

void Observation::differs(const Trouble& trouble) {
  if (is_told()) observer_->differs(trouble);
}

void Observation::throws(const std::string& what) {
  if (!scheduler_.halted()) observer_->throws(what);
}

void Observation::leave() {
  left_ = true;
  scheduler_.halt();
}

}  // namespace reprise::replay
