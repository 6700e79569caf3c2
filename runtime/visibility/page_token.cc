#include "runtime/visibility/page_token.h"

#include "base/base64url.h"
#include "base/ids.h"

namespace reprise::runtime::visibility {
namespace {

constexpr char kPageTokenVersion = 1;
constexpr std::size_t kHashBytes = 8;

std::string hash_bytes(std::string_view bytes, std::uint64_t seed) {
  const std::uint64_t hash = base::hash64(bytes, seed);
  std::string out;
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(hash >> shift & 0xff);
  return out;
}

base::Error unusable(std::string_view why) {
  return {base::ErrorCode::kPageToken,
          "this page token " + std::string(why) + "; begin with the first page, which needs none"};
}

}  // namespace

// Version, hash of the filter, the key, and a checksum of it all that only this store makes.
std::string make_page_token(std::string_view filter, std::string_view store, std::string_view key) {
  std::string bytes(1, kPageTokenVersion);
  bytes += hash_bytes(filter, 0);
  bytes += key;
  bytes += hash_bytes(bytes, base::hash64(store, kPageTokenVersion));
  return base::to_base64url(bytes);
}

base::Result<std::string> read_page_token(std::string_view token,
                                          std::string_view filter,
                                          std::string_view store) {
  if (token.size() > kMaxPageTokenBytes) return unusable("is too long");
  const auto bytes = base::from_base64url(token);
  if (!bytes || bytes->size() < 1 + 2 * kHashBytes) return unusable("is damaged");
  if (bytes->front() != kPageTokenVersion) {
    return unusable("is damaged, or of another version of Reprise");
  }
  const std::string_view checked = std::string_view(*bytes).substr(0, bytes->size() - kHashBytes);
  if (bytes->substr(checked.size()) !=
      hash_bytes(checked, base::hash64(store, kPageTokenVersion))) {
    return unusable("is damaged, or of another store");
  }
  if (checked.substr(1, kHashBytes) != hash_bytes(filter, 0)) {
    return unusable("is of another filter: each page has the same one, letter by letter");
  }
  return std::string(checked.substr(1 + kHashBytes));
}

}  // namespace reprise::runtime::visibility
