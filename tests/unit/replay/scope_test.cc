#include "replay/scope.h"

#include <gtest/gtest.h>

namespace reprise::replay::scope_test {
namespace {

ScopeRef below(const ScopeRef& parent, Scope::Kind kind = Scope::Kind::kCancellable) {
  return ScopeRef(new Scope(kind, parent));
}

TEST(Scope, IsCancelledWithThoseAroundIt) {
  const ScopeRef root(new Scope(Scope::Kind::kRoot, ScopeRef()));
  const ScopeRef outer = below(root);
  const ScopeRef inner = below(outer);
  const ScopeRef shielded = below(outer, Scope::Kind::kShielded);
  const ScopeRef inside = below(shielded);
  outer->cancel(7);
  outer->cancel(8);
  EXPECT_FALSE(root->is_cancelled());
  EXPECT_EQ(inner->cancelled_at(), 7u) << "the first cancellation counts";
  EXPECT_FALSE(inside->is_cancelled());
  inner->cancel(3);
  EXPECT_EQ(inner->cancelled_at(), 3u);
  shielded->cancel(9);
  EXPECT_EQ(inside->cancelled_at(), 9u) << "a shield stops what comes from above";
}

// As of a function that spawns its successor: the last one of a million must not need their stack.
TEST(Scope, AChainOfAnyLengthIsReleased) {
  ScopeRef last(new Scope(Scope::Kind::kRoot, ScopeRef()));
  const ScopeRef root = last;
  for (int i = 0; i < 1'000'000; ++i) last = below(last);
  const ScopeRef kept = below(root);
  last = ScopeRef();
  root->cancel(1);
  EXPECT_TRUE(kept->is_cancelled()) << "what others refer to stays";
}

}  // namespace
}  // namespace reprise::replay::scope_test
