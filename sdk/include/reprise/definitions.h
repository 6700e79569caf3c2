// Definitions: the named, typed contract between workflow, worker, client and test. A definition
// called with arguments makes a typed message, which does nothing by itself; a verb (call, start,
// signal, query, update) delivers it. Names are part of the log: add new ones, and never change the
// meaning of one.
#pragma once
#include <reprise/internal/is_payload.h>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace reprise {

// What a definition defines. Only used as tags.
namespace kind {
struct Activity;
struct Workflow;
struct Signal;
struct Query;
struct Update;
}  // namespace kind

// A definition's name with arguments, to be passed to a verb. Does nothing by itself, hence
// nodiscard. The name is not copied: it must outlive the message, as the literal in a definition
// does.
template <class Kind, class Result, class... Args>
struct [[nodiscard]] Message {
  // The error is a static_assert in NoPayload.
  static_assert(
      sizeof(internal::NoPayload<typename internal::WithoutCodec<Result, Args...>::Type>));

  std::string_view name;
  std::tuple<Args...> args;
};

template <class Kind, class Signature>
class Definition;

// The name and the signature of an activity, a workflow or a message. A constant: define it as
// `inline constexpr` in a header that workflow, worker, client and tests share. Thread-safe; owns
// nothing. The name, 1 to 1000 bytes of UTF-8, is recorded in histories. Arguments and result need
// a codec (see codec.h) where a message is made or received, not here.
template <class Kind, class R, class... A>
class Definition<Kind, R(A...)> {
 public:
  using Result = R;
  constexpr explicit Definition(std::string_view name) : name_(name) {}
  constexpr std::string_view name() const { return name_; }

  // The message. Designated initializers work: checkout({.sku = "hat"}).
  Message<Kind, R, A...> operator()(std::type_identity_t<A>... args) const {
    return {name_, std::tuple<A...>(std::move(args)...)};
  }

 private:
  std::string_view name_;
};

// A function executed outside the turn, at least once, with retries: Activity<Receipt(Order)>.
template <class S>
struct Activity : Definition<kind::Activity, S> {
  using Definition<kind::Activity, S>::Definition;
};

// A durable function: Workflow<Receipt(Order)>.
template <class S>
struct Workflow : Definition<kind::Workflow, S> {
  using Definition<kind::Workflow, S>::Definition;
};

// A value sent to a run, whose code reads it when it likes: Signal<Approval>. Signal<> has none.
template <class T = void>
struct Signal : Definition<kind::Signal, void(T)> {
  using Definition<kind::Signal, void(T)>::Definition;
};
template <>
struct Signal<void> : Definition<kind::Signal, void()> {
  using Definition<kind::Signal, void()>::Definition;
};

// A question that a run answers from its state without an event in its log: Query<Stage()>.
template <class S>
struct Query : Definition<kind::Query, S> {
  using Definition<kind::Query, S>::Definition;
};

// A request that a run handles and answers, durably: Update<int(int)>.
template <class S>
struct Update : Definition<kind::Update, S> {
  using Definition<kind::Update, S>::Definition;
};

}  // namespace reprise
