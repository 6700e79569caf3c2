// What the templates of Context are made of.
#pragma once
#include <functional>
#include <reprise/internal/handlers.h>
#include <reprise/internal/opaque.h>
#include <reprise/internal/payload.h>
#include <reprise/pending.h>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace reprise::internal {

template <class R, class Fn>
Computation computation(Fn& fn) {
  return {&fn, [](void* object) { return encode_call<R>(*static_cast<Fn*>(object)); }};
}

template <class Pred>
Condition condition(Pred& pred) {
  return {&pred, [](void* object) { return static_cast<bool>((*static_cast<Pred*>(object))()); }};
}

template <class T>
std::vector<const PendingBase*> pointers(const std::vector<Pending<T>>& pendings) {
  std::vector<const PendingBase*> list;
  list.reserve(pendings.size());
  for (const auto& pending : pendings) list.push_back(&pending);
  return list;
}

template <class T>
auto value_of(Pending<T>& pending) {
  if constexpr (std::is_void_v<T>) {
    return pending.get(), std::monostate();
  } else {
    return pending.get();
  }
}

template <class S, class Fn>
std::function<std::string(std::string_view)> erase(Fn fn) {
  return [&fn]<class R, class... A>(std::type_identity<R(A...)>) {
    return erase_handler<R, A...>(std::move(fn));
  }(std::type_identity<S>{});
}

}  // namespace reprise::internal
