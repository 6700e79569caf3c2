// Declarations for the typed classes of workflow code, without their definitions.
#pragma once
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <reprise/call_site.h>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace reprise {

namespace replay {
class Execution;
class Operation;
class Scope;
}  // namespace replay

namespace internal {

// How a spawned function ended.
struct SpawnResult {
  virtual ~SpawnResult() = default;
  std::exception_ptr failure;
};

template <class T>
struct SpawnBox : SpawnResult {
  T take() {
    T taken = std::move(*value);
    value.reset();
    return taken;
  }
  std::optional<T> value;
};

template <>
struct SpawnBox<void> final : SpawnResult {};

// One counted reference to an operation of a run.
struct PendingParts {
  replay::Execution* execution = nullptr;
  replay::Operation* operation = nullptr;
  std::shared_ptr<SpawnResult> spawned{};
  replay::Scope* scope = nullptr;  // of a spawned strand alone; a counted reference too
};

template <class T>
using DecodeFunction = T (*)(std::string_view);

// Does the workflow's part of a Condition hold?
struct Condition {
  void* object;
  bool (*holds)(void* object);
};

// A closure that computes a payload.
struct Computation {
  void* object;
  std::string (*compute)(void* object);
};

// A function of an index.
struct Indexed {
  const void* object;
  void (*call)(const void* object, std::size_t index);
};

// Reads a signal into a SpawnBox. False: it does not decode, and `why_not` says why.
using ReadSignal = bool (*)(std::string_view payload,
                            std::shared_ptr<void>* value,
                            std::string* why_not);

PendingParts next_signal(replay::Execution& execution,
                         const std::string& name,
                         CallSite site,
                         ReadSignal read);
bool has_signal(replay::Execution& execution,
                const std::string& name,
                CallSite site,
                ReadSignal read);

}  // namespace internal
}  // namespace reprise
