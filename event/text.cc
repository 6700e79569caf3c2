#include "event/text.h"

#include "base/place.h"
#include "base/printable_text.h"
#include "event/catalogue.h"

namespace reprise::event {

std::string id_of(const proto::Event& event) {
  const auto id = row_of(event).id;
  return id == nullptr ? std::string() : "#" + std::to_string(id(event));
}

std::string detail_of(const proto::Event& event) {
  const Row& row = row_of(event);
  if (row.detail != nullptr) return row.detail(event);
  if (row.called != nullptr) return row.called(event);
  return id_of(event);
}

std::string describe(const proto::Event& event) {
  std::string text(row_of(event).name);
  if (const std::string what = detail_of(event); !what.empty()) {
    text += " " + base::printable_text(what);
  }
  return text;
}

std::string place_of(const proto::Event& event) {
  if (!event.has_call_site()) return {};
  return base::printable_text(base::place_text(event.call_site().file(), event.call_site().line()));
}

void outline(const proto::Event& command, proto::Event* out) {
  if (const auto outline = row_of(command).outline) {
    outline(command, out);
  } else {
    *out = command;
    out->clear_call_site();
  }
  if (!command.has_call_site()) return out->clear_call_site();
  out->mutable_call_site()->set_file(command.call_site().file());
  out->mutable_call_site()->set_line(command.call_site().line());
}

std::string short_duration(std::int64_t ms) {
  constexpr std::int64_t kSecond = 1'000;
  constexpr std::int64_t kMinute = 60 * kSecond;
  constexpr std::int64_t kHour = 60 * kMinute;
  if (ms != 0 && ms % kHour == 0) return std::to_string(ms / kHour) + "h";
  if (ms != 0 && ms % kMinute == 0) return std::to_string(ms / kMinute) + "min";
  if (ms != 0 && ms % kSecond == 0) return std::to_string(ms / kSecond) + "s";
  return std::to_string(ms) + "ms";
}

}  // namespace reprise::event
