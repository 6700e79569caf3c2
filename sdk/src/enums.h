// Enumerations of the public headers and those below, neither of which may include the other: each
// value by name, so that the compiler reports a missing one. A value that is not one of
// them becomes the first.
#pragma once
#include "event/run_status.h"
#include "event/setting.h"
#include "replay/execution.h"
#include "reprise/child.h"
#include "reprise/options.h"
#include "reprise/reset.h"
#include "reprise/settings.h"
#include "runtime/client_request.h"
#include "runtime/engine/engine.h"

namespace reprise::internal {

constexpr event::RunStatus to_event(RunStatus status) {
  switch (status) {
    case RunStatus::kRunning:
      return event::RunStatus::kRunning;
    case RunStatus::kPaused:
      return event::RunStatus::kPaused;
    case RunStatus::kCompleted:
      return event::RunStatus::kCompleted;
    case RunStatus::kFailed:
      return event::RunStatus::kFailed;
    case RunStatus::kCancelled:
      return event::RunStatus::kCancelled;
    case RunStatus::kTerminated:
      return event::RunStatus::kTerminated;
    case RunStatus::kTimedOut:
      return event::RunStatus::kTimedOut;
    case RunStatus::kContinuedAsNew:
      return event::RunStatus::kContinuedAsNew;
  }
  return {};
}

constexpr RunStatus to_public(event::RunStatus status) {
  switch (status) {
    case event::RunStatus::kRunning:
      return RunStatus::kRunning;
    case event::RunStatus::kPaused:
      return RunStatus::kPaused;
    case event::RunStatus::kCompleted:
      return RunStatus::kCompleted;
    case event::RunStatus::kFailed:
      return RunStatus::kFailed;
    case event::RunStatus::kCancelled:
      return RunStatus::kCancelled;
    case event::RunStatus::kTerminated:
      return RunStatus::kTerminated;
    case event::RunStatus::kTimedOut:
      return RunStatus::kTimedOut;
    case event::RunStatus::kContinuedAsNew:
      return RunStatus::kContinuedAsNew;
  }
  return {};
}

constexpr proto::SettingRecorded::Type to_event(SettingType type) {
  switch (type) {
    case SettingType::kValue:
      return proto::SettingRecorded::VALUE;
    case SettingType::kBool:
      return proto::SettingRecorded::BOOL;
    case SettingType::kInt64:
      return proto::SettingRecorded::INT64;
    case SettingType::kDouble:
      return proto::SettingRecorded::DOUBLE;
    case SettingType::kText:
      return proto::SettingRecorded::TEXT;
    case SettingType::kTexts:
      return proto::SettingRecorded::TEXTS;
    case SettingType::kTime:
      return proto::SettingRecorded::TIME;
  }
  return static_cast<proto::SettingRecorded::Type>(type);  // of a newer version
}

// Types have the same numbers. One that only a newer version knows stays unknown.
constexpr SettingType to_public(proto::SettingRecorded::Type type) {
  constexpr int kMost = 255;
  const int number = type;
  return static_cast<SettingType>(number < 0 || number > kMost ? kMost : number);
}

constexpr runtime::IdReuse to_runtime(IdReuse reuse) {
  switch (reuse) {
    case IdReuse::kAllow:
      return runtime::IdReuse::kAllow;
    case IdReuse::kAllowUnlessCompleted:
      return runtime::IdReuse::kAllowUnlessCompleted;
    case IdReuse::kReject:
      return runtime::IdReuse::kReject;
    case IdReuse::kUseExisting:
      return runtime::IdReuse::kUseExisting;
  }
  return {};
}

constexpr proto::RunReset::Reapply to_proto(Reapply reapply) {
  switch (reapply) {
    case Reapply::kNone:
      return proto::RunReset::NONE;
    case Reapply::kSignals:
      return proto::RunReset::SIGNALS;
    case Reapply::kSignalsAndUpdates:
      return proto::RunReset::SIGNALS_AND_UPDATES;
  }
  return proto::RunReset::NONE;
}

constexpr runtime::IdConflict to_runtime(IdConflict conflict) {
  switch (conflict) {
    case IdConflict::kFail:
      return runtime::IdConflict::kFail;
    case IdConflict::kUseExisting:
      return runtime::IdConflict::kUseExisting;
    case IdConflict::kTerminateExisting:
      return runtime::IdConflict::kTerminateExisting;
  }
  return {};
}

constexpr proto::ChildScheduled::IdReuse to_event(IdReuse reuse) {
  switch (reuse) {
    case IdReuse::kAllow:
      return proto::ChildScheduled::ALLOW;
    case IdReuse::kAllowUnlessCompleted:
      return proto::ChildScheduled::ALLOW_UNLESS_COMPLETED;
    case IdReuse::kReject:
      return proto::ChildScheduled::REJECT;
    case IdReuse::kUseExisting:
      return proto::ChildScheduled::USE_EXISTING;
  }
  return {};
}

constexpr proto::ChildScheduled::IdConflict to_event(IdConflict conflict) {
  switch (conflict) {
    case IdConflict::kFail:
      return proto::ChildScheduled::FAIL;
    case IdConflict::kUseExisting:
      return proto::ChildScheduled::USE_RUNNING;
    case IdConflict::kTerminateExisting:
      return proto::ChildScheduled::TERMINATE_RUNNING;
  }
  return {};
}

constexpr proto::ChildScheduled::ParentClose to_event(ParentClose on_close) {
  switch (on_close) {
    case ParentClose::kTerminate:
      return proto::ChildScheduled::TERMINATE;
    case ParentClose::kCancel:
      return proto::ChildScheduled::CANCEL;
    case ParentClose::kAbandon:
      return proto::ChildScheduled::ABANDON;
  }
  return {};
}

constexpr replay::CancelMode to_replay(CancelMode mode) {
  switch (mode) {
    case CancelMode::kWait:
      return replay::CancelMode::kWait;
    case CancelMode::kTry:
      return replay::CancelMode::kTry;
    case CancelMode::kAbandon:
      return replay::CancelMode::kAbandon;
  }
  return {};
}

constexpr proto::ActivityScheduled::OnCancel to_event(CancelMode mode) {
  switch (mode) {
    case CancelMode::kWait:
      return proto::ActivityScheduled::WAIT;
    case CancelMode::kTry:
      return proto::ActivityScheduled::TRY;
    case CancelMode::kAbandon:
      return proto::ActivityScheduled::ABANDON;
  }
  return {};
}

constexpr runtime::GuardMode to_runtime(Guard guard) {
  switch (guard) {
    case Guard::kOff:
      return runtime::GuardMode::kOff;
    case Guard::kReport:
      return runtime::GuardMode::kReport;
    case Guard::kPark:
      return runtime::GuardMode::kPark;
  }
  return {};
}

constexpr runtime::LogLevel to_runtime(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return runtime::LogLevel::kDebug;
    case LogLevel::kInfo:
      return runtime::LogLevel::kInfo;
    case LogLevel::kWarning:
      return runtime::LogLevel::kWarning;
    case LogLevel::kError:
      return runtime::LogLevel::kError;
  }
  return {};
}

constexpr LogLevel to_public(runtime::LogLevel level) {
  switch (level) {
    case runtime::LogLevel::kDebug:
      return LogLevel::kDebug;
    case runtime::LogLevel::kInfo:
      return LogLevel::kInfo;
    case runtime::LogLevel::kWarning:
      return LogLevel::kWarning;
    case runtime::LogLevel::kError:
      return LogLevel::kError;
  }
  return {};
}

}  // namespace reprise::internal
