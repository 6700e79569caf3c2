#include "runtime/completion_token.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reprise::runtime::completion_token_test {
namespace {

using base::ErrorCode;

CompletionTokens::Key key_of(std::uint8_t seed) {
  CompletionTokens::Key key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(seed + i);
  return key;
}

AttemptRef attempt_of(std::string workflow_id) {
  return {
      .run = {std::move(workflow_id), base::RunId::parse("018bcfe5-6800-7000-8000-000000000007")},
      .operation = 3,
      .attempt = 2};
}

const CompletionTokens tokens(key_of(0));

ErrorCode refusal(const std::string& token) {
  const auto verified = tokens.verify(token);
  return verified ? ErrorCode{} : verified.error().code;
}

// Tokens last for ever: a later version must accept this one.
TEST(CompletionToken, IsThisText) {
  const std::string token = *tokens.make(attempt_of("order-7"));
  EXPECT_EQ(token,
            "AULoFav0Qe_p0c7svftlyuVXWCUTelm8_tR0JefmYCI"
            "vAYvP5WgAcACAAAAAAAAABwMAAAACAAAAb3JkZXItNw");
}

TEST(CompletionToken, NamesItsAttempt) {
  for (const std::size_t length : {1, 2, 3, 4, 7, 1'000}) {
    const AttemptRef attempt = attempt_of(std::string(length, '\xff'));
    const std::string token = *tokens.make(attempt);
    EXPECT_LE(token.size(), kMaxTokenBytes);
    for (const auto& read : {read_token(token), std::optional(*tokens.verify(token))}) {
      ASSERT_TRUE(read);
      EXPECT_EQ(read->run.workflow_id, attempt.run.workflow_id);
      EXPECT_EQ(read->run.run_id, attempt.run.run_id);
      EXPECT_EQ(read->operation, 3U);
      EXPECT_EQ(read->attempt, 2U);
    }
  }
  EXPECT_EQ(tokens.make(attempt_of(std::string(1'000, 'x')))->size(), kMaxTokenBytes);
}

TEST(CompletionToken, IsFitForUrls) {
  const std::string token = *tokens.make(attempt_of(std::string("\0\xff/+=", 5)));
  EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789-_"),
            token.npos);
}

TEST(CompletionToken, AnotherAttemptHasAnotherOne) {
  AttemptRef other_run = attempt_of("order-7");
  other_run.run.run_id = base::RunId::parse("018bcfe5-6800-7000-8000-000000000008");
  AttemptRef other_operation = attempt_of("order-7");
  other_operation.operation = 2;
  AttemptRef other_attempt = attempt_of("order-7");
  other_attempt.attempt = 3;
  std::set<std::string> all;
  for (const AttemptRef& attempt :
       {attempt_of("order-7"), attempt_of("order-8"), other_run, other_operation, other_attempt}) {
    all.insert(*tokens.make(attempt));
  }
  EXPECT_EQ(all.size(), 5U);
}

// ---- forgeries --------------------------------------------------------------------------------

// The workflow ids are of each length modulo 3, which decides how many bits of the last digit
// count.
TEST(CompletionToken, WithAnyBitFlippedItIsNone) {
  for (const char* const id : {"a", "ab", "abc"}) {
    const std::string token = *tokens.make(attempt_of(id));
    ASSERT_EQ(refusal(token), ErrorCode{});
    for (std::size_t at = 0; at < token.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string forged = token;
        forged[at] = static_cast<char>(forged[at] ^ (1 << bit));
        EXPECT_EQ(refusal(forged), ErrorCode::kInvalidToken) << at << "." << bit;
      }
    }
  }
}

// What another text says of the same bytes is not the token either.
TEST(CompletionToken, WithAnyOtherDigitItIsNone) {
  const std::string token = *tokens.make(attempt_of("ab"));
  for (std::size_t at = 0; at < token.size(); ++at) {
    for (int digit = 0; digit < 256; ++digit) {
      if (static_cast<char>(digit) == token[at]) continue;
      std::string forged = token;
      forged[at] = static_cast<char>(digit);
      EXPECT_EQ(refusal(forged), ErrorCode::kInvalidToken) << at << ", " << digit;
    }
  }
}

TEST(CompletionToken, CutOffOrExtendedItIsNone) {
  const std::string token = *tokens.make(attempt_of("order-7"));
  for (std::size_t length = 0; length < token.size(); ++length) {
    EXPECT_EQ(refusal(token.substr(0, length)), ErrorCode::kInvalidToken) << length;
    EXPECT_EQ(refusal(token.substr(token.size() - length)), ErrorCode::kInvalidToken) << length;
  }
  for (const std::string more : {"A", "AA", "AAA", "AAAA", "=", "==", " ", "\n"}) {
    EXPECT_EQ(refusal(token + more), ErrorCode::kInvalidToken) << more;
    EXPECT_EQ(refusal(more + token), ErrorCode::kInvalidToken) << more;
  }
  EXPECT_EQ(refusal(token + std::string(1, '\0')), ErrorCode::kInvalidToken);
  EXPECT_EQ(refusal(std::string(1, '\0') + token), ErrorCode::kInvalidToken);
}

TEST(CompletionToken, OtherTextIsNone) {
  for (const std::string& text :
       {std::string(), std::string(10, '\0'), std::string("token"), std::string(1'410, 'A'),
        std::string(1'411, 'A'), std::string(std::size_t{16} << 20, 'A'),
        std::string("\xff\xfe\x80")}) {
    EXPECT_EQ(refusal(text), ErrorCode::kInvalidToken) << text.size();
    EXPECT_FALSE(text.size() > kMaxTokenBytes && read_token(text));
  }
}

TEST(CompletionToken, OfAnotherStoreItIsNone) {
  const CompletionTokens others(key_of(1));
  EXPECT_EQ(refusal(*others.make(attempt_of("order-7"))), ErrorCode::kInvalidToken);
}

TEST(CompletionToken, WithoutAKeyNoneIsMadeAndNoneAccepted) {
  const CompletionTokens keyless(base::Error{ErrorCode::kStoreDamaged, "no key"});
  EXPECT_EQ(keyless.make(attempt_of("a")).error().code, ErrorCode::kStoreDamaged);
  const auto verified = keyless.verify(*tokens.make(attempt_of("a")));
  EXPECT_EQ(verified.error().code, ErrorCode::kStoreDamaged);
}

}  // namespace
}  // namespace reprise::runtime::completion_token_test
