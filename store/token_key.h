// The secret with which the engine authenticates the tokens of attempts that are left open. It is
// in the archive's table `meta`, so that copies and repairs of the store keep it. Tools and exports
// never show it.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reprise::store {

// Its entry of `meta`.
inline constexpr std::string_view kTokenKeyEntry = "token_key";

using TokenKey = std::array<std::uint8_t, 32>;

// From the kernel's random numbers; nullopt: it gives none.
std::optional<TokenKey> new_token_key();

// As it is stored: preceded by a checksum.
std::string seal_token_key(const TokenKey& key);
// nullopt: damaged.
std::optional<TokenKey> unseal_token_key(std::string_view stored);

}  // namespace reprise::store
