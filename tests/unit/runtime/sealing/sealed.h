// What the tests of sealing share.
#pragma once
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/sealing/aes_gcm_codec.h"
#include "runtime/sealing/envelope.h"
#include "runtime/sealing/zstd_codec.h"

namespace reprise::sealing::testing {

// "00ff" as two bytes.
inline std::string bytes(std::string_view hexadecimal) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hexadecimal.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(hexadecimal.substr(i, 2)), nullptr, 16));
  }
  return out;
}

inline std::string every_byte() {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  return all;
}

// Bytes that do not become smaller.
inline std::string noise(std::size_t size) {
  std::string out;
  for (std::uint64_t state = 1; out.size() < size;) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    out += static_cast<char>(state >> 56);
  }
  return out;
}

// The key with this id consists of its last character. The first id is the current one.
inline KeyMaterial material(std::initializer_list<std::string_view> ids) {
  KeyMaterial keys;
  for (const std::string_view id : ids) {
    keys.keys[std::string(id)] = std::string(kKeyBytes, id.back());
  }
  keys.current = *ids.begin();
  return keys;
}

inline std::shared_ptr<const Codec> aes(std::initializer_list<std::string_view> ids,
                                        SaltLimits limits = {}) {
  auto ring = KeyRing::make(material(ids));
  EXPECT_TRUE(ring);
  return make_aes_gcm_codec(std::move(ring).value(), limits);
}

inline std::shared_ptr<const Codec> zstd(int level = 3) {
  auto codec = make_zstd_codec(level);
  EXPECT_TRUE(codec);
  return std::move(codec).value();
}

inline std::string sealed(const Codecs& codecs, std::string_view plain, std::string_view place) {
  auto envelope = seal(codecs, plain, place);
  EXPECT_TRUE(envelope) << envelope.error().text();
  return std::move(envelope).value();
}

// The code and the text of an error; "none".
template <class T>
std::string error_of(const base::Result<T>& result) {
  return result ? "none" : result.error().text();
}

}  // namespace reprise::sealing::testing
