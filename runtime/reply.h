// How a service answers a request.
#pragma once
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "base/result.h"

namespace reprise::runtime {

// Told of a reply before it is given. Any thread.
class ReplyListener {
 public:
  virtual void replying(std::size_t amount) = 0;

 protected:
  ~ReplyListener() = default;
};

// A function that takes the result. Copies share it, so unlike in std::function a copy costs no
// memory, and the function itself may be one that can only be moved.
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
    if (listener_ != nullptr) listener_->replying(amount_);
    function_->call(std::move(result));
  }

  // The same, and `listener` is told first. A reply has one listener.
  Reply told_to(ReplyListener& listener, std::size_t amount) && {
    REPRISE_CHECK(listener_ == nullptr, "one service counts a request");
    listener_ = &listener;
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
  ReplyListener* listener_ = nullptr;
  std::size_t amount_ = 0;  // what the listener counts
};

}  // namespace reprise::runtime
