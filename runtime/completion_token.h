// The token of an attempt that may be ended elsewhere: text for URLs that names the attempt, and
// that only the store's key can make (docs/adr/0045-completion-elsewhere.md).
//
//   base64url(version 1 | HMAC-SHA256 32 | run id 16 | operation LE32 | attempt LE32 | workflow id)
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/run_description.h"

namespace reprise::runtime {

// One attempt of one activity of one run.
struct AttemptRef {
  RunKey run;
  std::uint32_t operation = 0;
  std::uint32_t attempt = 0;
};

// Tokens of workflow ids of up to 1,000 bytes have at most 1,410 characters.
inline constexpr std::size_t kMaxTokenBytes = 1'410;

// What the text names, if it is built like a token. Anybody can make such a text: a claim.
std::optional<AttemptRef> read_token(std::string_view token);

// Makes and verifies the tokens of one store. Thread-safe.
class CompletionTokens {
 public:
  using Key = std::array<std::uint8_t, 32>;
  explicit CompletionTokens(base::Result<Key> key) : key_(std::move(key)) {}

  // The key's error, if there is none.
  base::Result<std::string> make(const AttemptRef& attempt) const;
  // kInvalidToken: it was not made with this key. In constant time for texts of one length.
  base::Result<AttemptRef> verify(std::string_view token) const;

 private:
  const base::Result<Key> key_;
};

}  // namespace reprise::runtime
