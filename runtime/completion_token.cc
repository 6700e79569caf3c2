#include "runtime/completion_token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <utility>

#include "base/base64url.h"
#include "base/check.h"

namespace reprise::runtime {
namespace {

constexpr char kTokenVersion = 1;
constexpr std::size_t kMacBytes = 32;
constexpr std::size_t kRunIdBytes = 16;
constexpr std::size_t kNumbersAt = kRunIdBytes;            // in what the token names
constexpr std::size_t kWorkflowIdAt = kNumbersAt + 4 + 4;  // likewise
constexpr std::size_t kNameAt = 1 + kMacBytes;             // in the token

void append_number(std::uint32_t value, std::string* out) {
  for (int shift = 0; shift < 32; shift += 8) *out += static_cast<char>((value >> shift) & 255);
}

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value |= std::uint32_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  }
  return value;
}

std::string name_bytes(const AttemptRef& attempt) {
  std::string bytes(attempt.run.run_id.value_or(base::RunId()).bytes());
  append_number(attempt.operation, &bytes);
  append_number(attempt.attempt, &bytes);
  return bytes + attempt.run.workflow_id;
}

// The key is for nothing else; should it ever be, the prefix keeps the uses apart.
std::string mac_of(const CompletionTokens::Key& key, std::string_view name) {
  const std::string message = std::string("reprise token ") + kTokenVersion + std::string(name);
  std::string mac(kMacBytes, '\0');
  unsigned length = 0;
  const auto* const made =
      ::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(message.data()), message.size(),
             reinterpret_cast<unsigned char*>(mac.data()), &length);
  REPRISE_CHECK(made != nullptr && length == kMacBytes, "HMAC-SHA256 is available");
  return mac;
}

// The bytes of a token that names an attempt; nullopt: it is none.
std::optional<std::string> token_bytes(std::string_view token) {
  if (token.size() > kMaxTokenBytes) return {};
  auto bytes = base::from_base64url(token);
  const bool built_like_one =
      bytes && bytes->size() > kNameAt + kWorkflowIdAt && bytes->front() == kTokenVersion;
  return built_like_one ? std::move(bytes) : std::nullopt;
}

AttemptRef ref_of(std::string_view bytes) {
  const std::string_view name = bytes.substr(kNameAt);
  return {.run = {.workflow_id = std::string(name.substr(kWorkflowIdAt)),
                  .run_id = base::RunId::from_bytes(name.substr(0, kRunIdBytes))},
          .operation = number_at(name, kNumbersAt),
          .attempt = number_at(name, kNumbersAt + 4)};
}

}  // namespace

std::optional<AttemptRef> read_token(std::string_view token) {
  const auto bytes = token_bytes(token);
  if (!bytes) return {};
  return ref_of(*bytes);
}

base::Result<std::string> CompletionTokens::make(const AttemptRef& attempt) const {
  if (!key_) return key_.error();
  const std::string name = name_bytes(attempt);
  return base::to_base64url(kTokenVersion + mac_of(*key_, name) + name);
}

base::Result<AttemptRef> CompletionTokens::verify(std::string_view token) const {
  if (!key_) return key_.error();
  const auto bytes = token_bytes(token);
  if (bytes) {
    const std::string mac = mac_of(*key_, std::string_view(*bytes).substr(kNameAt));
    if (::CRYPTO_memcmp(mac.data(), bytes->data() + 1, kMacBytes) == 0) return ref_of(*bytes);
  }
  return base::Error{base::ErrorCode::kInvalidToken,
                     bytes ? "the token was not made by this store, or was changed; use the text "
                             "of Completion::token() as it is"
                           : "this is not the text of a token, or not all of it; use the text of "
                             "Completion::token() as it is"};
}

}  // namespace reprise::runtime
