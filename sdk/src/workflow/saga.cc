#include "reprise/saga.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <string>
#include <utility>

#include "reprise/scopes.h"
#include "sdk/src/checks.h"

namespace reprise {
namespace {

using FailurePtr = std::shared_ptr<const Failure>;

// The failure that is being handled, whatever its class; it lives as long as the result.
FailurePtr handled(const Failure& failure) {
  return {std::make_shared<std::exception_ptr>(std::current_exception()), &failure};
}

FailurePtr failure_of(const std::function<void()>& compensation) {
  try {
    compensation();
    return nullptr;
  } catch (const Failure& failure) {
    return handled(failure);
  }
}

std::string message_of(const Failure& cause, const std::vector<FailurePtr>& compensations) {
  std::string text = cause.what();
  text += "; not everything was undone";
  for (const FailurePtr& failed : compensations) text += std::string("; ") + failed->what();
  return text;
}

}  // namespace

SagaFailure::SagaFailure(FailurePtr cause, std::vector<FailurePtr> compensations)
    : Failure(message_of(*cause, compensations)),
      cause_(std::move(cause)),
      compensations_(std::make_shared<const Failures>(std::move(compensations))) {}

Saga::Level::Level(Saga& saga) : saga_(saga) {
  const std::size_t strand = internal::Caller::strand(saga.ctx_);
  if (!saga.begun_.empty() && saga.begun_.back().strand != strand) {
    internal::misused("Saga::run(): another strand is in run() of this saga");
  }
  saga.begun_.push_back({strand, saga.compensations_.size()});
}

Saga::Level::~Level() {
  saga_.begun_.pop_back();
  if (saga_.begun_.empty()) saga_.compensations_.clear();
}

void Saga::undo_with(std::function<void()> fn) {
  (void)internal::Caller::strand(ctx_);
  if (!fn) internal::misused("Saga::undo_with() of an empty function");
  if (begun_.empty()) {
    internal::misused("Saga::undo_with() outside run(), where nothing would execute it");
  }
  compensations_.push_back(std::move(fn));
}

void Saga::undo(const Failure& cause) {
  const Shield shield(ctx_);
  const std::size_t down_to = begun_.back().registered;
  Failures failures = options_.parallel ? undo_at_once(down_to) : undo_in_order(down_to);
  if (!failures.empty()) throw SagaFailure(handled(cause), std::move(failures));
}

// Each is removed before it is called: a compensation may register others.
Saga::Failures Saga::undo_in_order(std::size_t down_to) {
  Failures failures;
  while (compensations_.size() > down_to) {
    const auto latest = std::exchange(compensations_.back(), nullptr);
    compensations_.pop_back();
    if (FailurePtr failed = failure_of(latest)) failures.push_back(std::move(failed));
    if (!failures.empty() && !options_.go_on_after_failed_compensation) break;
  }
  compensations_.resize(std::min(compensations_.size(), down_to));
  return failures;
}

Saga::Failures Saga::undo_at_once(std::size_t down_to) {
  Failures failures;
  while (compensations_.size() > down_to) {
    const auto first = compensations_.begin() + static_cast<std::ptrdiff_t>(down_to);
    std::vector<std::function<void()>> latest_first(
        std::make_reverse_iterator(compensations_.end()), std::make_reverse_iterator(first));
    compensations_.resize(down_to);
    for (FailurePtr& failed : ctx_.map(std::move(latest_first), failure_of)) {
      if (failed) failures.push_back(std::move(failed));
    }
  }
  return failures;
}

}  // namespace reprise
