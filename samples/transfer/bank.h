// The workflows of this sample. The accounts are a table of the engine's own, so a transfer changes
// both of them exactly once, whatever dies when.
#pragma once
#include <cstdint>
#include <reprise/reprise.h>
#include <string>

namespace transfer {

inline constexpr reprise::Table<std::string, std::int64_t> accounts{"accounts"};

inline constexpr reprise::Workflow<void(std::string, std::int64_t)> open_account{"open_account"};
// From, to, cents. Fails with "Overdrawn" if there is not so much.
inline constexpr reprise::Workflow<void(std::string, std::string, std::int64_t)> move{"move"};

inline void run_open_account(reprise::Context& ctx, const std::string& owner, std::int64_t cents) {
  ctx.transaction("open account", [&](reprise::Transaction& rows) {
    if (!rows.get(accounts, owner)) rows.put(accounts, owner, cents);
  });
}

inline void run_move(reprise::Context& ctx,
                     const std::string& from,
                     const std::string& to,
                     std::int64_t cents) {
  ctx.transaction("move", [&](reprise::Transaction& rows) {
    const std::int64_t have = rows.get(accounts, from).value_or(0);
    if (have < cents) throw reprise::ApplicationFailure("Overdrawn", from + " has not so much");
    rows.put(accounts, from, have - cents);
    rows.put(accounts, to, rows.get(accounts, to).value_or(0) + cents);
  });
}

// `host`: a reprise::Worker, or a test's reprise::testing::Env.
template <class Host>
void implement_bank(Host& host) {
  host.implement(open_account, run_open_account).implement(move, run_move);
}

// Of all accounts, at one moment: whatever is under way, no cent is missing.
inline std::int64_t total(const reprise::TableReader& rows) {
  std::int64_t sum = 0;
  rows.scan(accounts, [&sum](const std::string&, std::int64_t cents) { sum += cents; });
  return sum;
}

}  // namespace transfer
