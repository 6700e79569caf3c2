#include "event/failure_text.h"

#include "base/printable_text.h"

namespace reprise::event {

std::string failure_text(const proto::Failure& failure) {
  std::string text = failure.type().empty() ? "" : base::printable_text(failure.type()) + ": ";
  text += failure.message().empty() ? "no message" : base::printable_text(failure.message());
  // The failure of an activity or a child repeats the message of its cause; the cause adds the
  // type.
  const bool repeated =
      failure.kind() == proto::Failure::ACTIVITY || failure.kind() == proto::Failure::CHILD;
  if (!failure.has_cause()) return text;
  if (!repeated) return text + "; caused by " + failure_text(failure.cause());
  return failure.cause().type().empty()
             ? text
             : text + " (" + base::printable_text(failure.cause().type()) + ")";
}

}  // namespace reprise::event
