// The workflows that the tests of the debugger's commands debug.
#pragma once
#include <reprise/reprise.h>
#include <string>
#include <vector>

namespace shop {

inline constexpr reprise::Workflow<int(int)> order{"order"};
inline constexpr reprise::Workflow<int(int)> many{"many"};
inline constexpr reprise::Workflow<int(int)> careless{"careless"};
inline constexpr reprise::Workflow<int(int)> stock{"stock"};
inline constexpr reprise::Table<std::string, int> shelves{"shelves"};
inline constexpr reprise::Activity<int(int)> reserve{"reserve"};
inline constexpr reprise::Activity<int(int)> charge{"charge"};
inline constexpr reprise::Signal<int> packed{"packed"};

// Two strands, a signal, and local variables that a debugger must show.
int run_order(reprise::Context& ctx, const int& amount);
// The same after a change: it asks for something that no history has.
int run_changed(reprise::Context& ctx, const int& amount);
// Has a bug: it looks up packed goods in the wrong place. The exception parks the run.
int run_careless(reprise::Context& ctx, const int& amount);
// `rounds` activities one after the other: a history of two events for each, and two more.
int run_many(reprise::Context& ctx, const int& rounds);
// A transaction, and after a checkpoint another one.
int run_stock(reprise::Context& ctx, const int& round);

}  // namespace shop
