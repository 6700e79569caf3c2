// How a service answers a request.
#pragma once
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "base/result.h"

namespace reprise::runtime {

// Told when a request that it counts is answered, before the answer is given. On the thread of the
// answer.
class ReplyCounter {
 public:
  virtual void answered(std::size_t amount) = 0;

 protected:
  ~ReplyCounter() = default;
};

// A function that takes the result: to be called once, on any thread; by one copy, if there are
// several, and not if it is empty. Copies share the function, so unlike in std::function a copy
// costs no memory, and the function may be one that can only be moved. It is destroyed with the
// last copy, called or not.
template <class T>
class Reply {
 public:
  Reply() = default;
  Reply(std::nullptr_t) {}  // NOLINT(google-explicit-constructor)
  template <class Act>
  requires(!std::is_same_v<Act, Reply> && std::is_invocable_v<Act&, base::Result<T>>)
      Reply(Act act)  // NOLINT(google-explicit-constructor)
      : function_(std::make_shared<Holder<Act>>(std::move(act))) {}

  explicit operator bool() const { return function_ != nullptr; }

  void operator()(base::Result<T> result) const {
    REPRISE_CHECK(function_ != nullptr, "an empty reply cannot be given");
    if (counter_ != nullptr) counter_->answered(amount_);
    function_->call(std::move(result));
  }

  // The same, and `counter` is told first; it outlives the reply. A reply has one counter.
  Reply counted_by(ReplyCounter& counter, std::size_t amount) && {
    REPRISE_CHECK(function_ != nullptr, "an empty reply is never given");
    REPRISE_CHECK(counter_ == nullptr, "one service counts a request");
    counter_ = &counter;
    amount_ = amount;
    return std::move(*this);
  }

 private:
  struct Function {
    virtual void call(base::Result<T> result) = 0;

   protected:
    ~Function() = default;
  };
  template <class Act>
  struct Holder final : Function {
    explicit Holder(Act what) : act(std::move(what)) {}
    void call(base::Result<T> result) override { act(std::move(result)); }
    Act act;
  };

  std::shared_ptr<Function> function_;
  ReplyCounter* counter_ = nullptr;
  std::size_t amount_ = 0;  // what the counter is told
};

}  // namespace reprise::runtime
