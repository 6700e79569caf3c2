#include "store/token_key.h"

#include <cstring>
#include <sys/random.h>

#include "base/ids.h"
#include "store/bytes.h"

namespace reprise::store {
namespace {

constexpr std::size_t kCheckBytes = 8;

std::uint64_t check_of_token_key(std::string_view key) {
  return base::hash64(key, base::hash64(kTokenKeyEntry));
}

}  // namespace

std::optional<TokenKey> new_token_key() {
  TokenKey key{};
  if (::getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size())) return {};
  return key;
}

std::string seal_token_key(const TokenKey& key) {
  const std::string_view bytes(reinterpret_cast<const char*>(key.data()), key.size());
  std::string sealed(kCheckBytes, '\0');
  store_le(check_of_token_key(bytes), sealed.data());
  sealed += bytes;
  return sealed;
}

std::optional<TokenKey> unseal_token_key(std::string_view stored) {
  TokenKey key{};
  if (stored.size() != kCheckBytes + key.size()) return {};
  const std::string_view bytes = stored.substr(kCheckBytes);
  if (load_le<std::uint64_t>(stored.data()) != check_of_token_key(bytes)) return {};
  std::memcpy(key.data(), bytes.data(), key.size());
  return key;
}

}  // namespace reprise::store
