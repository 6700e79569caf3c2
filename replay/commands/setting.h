// Settings: values that the run publishes under names, for readers that do not run its code. The
// call is Execution::set().
#pragma once
#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/call_site.h"
#include "proto/log.pb.h"
#include "replay/commands/lifecycle.h"

namespace reprise::replay {

struct RunCore;

namespace lifecycles {
// The code goes on at once, so there is no time to cancel it.
inline constexpr std::array kSetting = {
    Transition{kCreated, kRecord, kSucceeded},  // the log has it, or a live turn records it
};
}  // namespace lifecycles

// What the run publishes now, as far as its code must know it: the values are in the log, and in
// the run's state (runtime/fold).
class Settings {
 public:
  using Type = proto::SettingRecorded::Type;

  explicit Settings(RunCore& run) : run_(run) {}

  // Those that came with the start.
  void given(const proto::RunStarted& start);
  void set(std::string_view name, std::string_view value, Type type, base::CallSite site);
  std::optional<Type> type_of(std::string_view name) const;

 private:
  struct Known {
    Type type{};
    std::size_t bytes = 0;
  };

  void require_room(std::string_view name, std::string_view value);
  [[noreturn]] void park_at(std::string_view what, std::string_view limit, std::size_t value);
  void note(std::string_view name, std::size_t value_bytes, Type type);
  std::size_t bytes_of(std::string_view name) const;  // 0: it is not published

  RunCore& run_;
  std::map<std::string, Known, std::less<>> known_;
  std::size_t bytes_ = 0;
};

}  // namespace reprise::replay
