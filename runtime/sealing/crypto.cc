#include "runtime/sealing/crypto.h"

#include <algorithm>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <utility>

#include "base/check.h"
#include "runtime/sealing/aes_gcm_layout.h"

namespace reprise::sealing {
namespace {

base::Error failed(std::string_view what) {
  return {base::ErrorCode::kNoResources,
          "OpenSSL cannot " + std::string(what) + "; the process may have no memory left"};
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text, std::size_t at) {
  return reinterpret_cast<unsigned char*>(text.data() + at);
}

int length_of(std::string_view text) {
  return static_cast<int>(text.size());
}

}  // namespace

void wipe(std::span<char> secret) {
  ::OPENSSL_cleanse(secret.data(), secret.size());
}

Key::Key(std::span<const char, kKeyBytes> bytes) {
  std::ranges::copy(bytes, bytes_.begin());
}

Key::~Key() {
  ::OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

base::Status random_bytes(std::span<char> out) {
  auto* const bytes = reinterpret_cast<unsigned char*>(out.data());
  if (::RAND_bytes(bytes, static_cast<int>(out.size())) == 1) return {};
  return failed("make random bytes");
}

base::Status hkdf_sha256(std::string_view key,
                         std::string_view salt,
                         std::string_view info,
                         std::span<unsigned char> out) {
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&::EVP_PKEY_CTX_free)> context(
      ::EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr), &::EVP_PKEY_CTX_free);
  std::size_t length = out.size();
  const bool derived =
      context != nullptr && ::EVP_PKEY_derive_init(context.get()) == 1 &&
      ::EVP_PKEY_CTX_set_hkdf_md(context.get(), ::EVP_sha256()) == 1 &&
      ::EVP_PKEY_CTX_set1_hkdf_salt(context.get(), bytes_of(salt), length_of(salt)) == 1 &&
      ::EVP_PKEY_CTX_set1_hkdf_key(context.get(), bytes_of(key), length_of(key)) == 1 &&
      ::EVP_PKEY_CTX_add1_hkdf_info(context.get(), bytes_of(info), length_of(info)) == 1 &&
      ::EVP_PKEY_derive(context.get(), out.data(), &length) == 1 && length == out.size();
  if (derived) return {};
  return failed("derive a key");
}

// OpenSSL's context with the expanded key. It is kept: making one takes longer than encrypting a
// turn.
class Gcm::Context {
 public:
  Context(const Key& key, bool encrypts) : context_(::EVP_CIPHER_CTX_new()) {
    usable_ =
        context_ != nullptr && ::EVP_CipherInit_ex(context_, ::EVP_aes_256_gcm(), nullptr,
                                                   key.data(), nullptr, encrypts ? 1 : 0) == 1;
  }
  ~Context() { ::EVP_CIPHER_CTX_free(context_); }  // wipes the key
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  bool begin(std::string_view nonce, const Data& data) {
    REPRISE_CHECK(nonce.size() == kNonceBytes, "a nonce has 96 bits");
    return usable_ &&
           ::EVP_CipherInit_ex(context_, nullptr, nullptr, nullptr, bytes_of(nonce), -1) == 1 &&
           authenticate(data.first) && authenticate(data.second);
  }
  // `out` has room for as many bytes.
  bool update(std::string_view in, unsigned char* out) {
    int length = 0;
    return in.empty() ||
           (::EVP_CipherUpdate(context_, out, &length, bytes_of(in), length_of(in)) == 1 &&
            length == length_of(in));
  }
  bool finish() {
    unsigned char none[16];
    int length = 0;
    return ::EVP_CipherFinal_ex(context_, none, &length) == 1;
  }
  bool get_tag(unsigned char* out) {
    return ::EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_GCM_GET_TAG, kTagBytes, out) == 1;
  }
  bool set_tag(std::string_view tag) {
    REPRISE_CHECK(tag.size() == kTagBytes, "a tag has 128 bits");
    return ::EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_GCM_SET_TAG, kTagBytes,
                                 const_cast<char*>(tag.data())) == 1;
  }

 private:
  bool authenticate(std::string_view data) {
    int length = 0;
    return data.empty() ||
           ::EVP_CipherUpdate(context_, nullptr, &length, bytes_of(data), length_of(data)) == 1;
  }

  EVP_CIPHER_CTX* context_;
  bool usable_ = false;
};

Gcm::Gcm(const Key& key) {
  std::copy_n(key.data(), kKeyBytes, key_.data());
}

Gcm::~Gcm() = default;

std::unique_ptr<Gcm::Context> Gcm::context(SpareContexts<Context>& spare, bool encrypts) const {
  auto context = spare.take();
  return context != nullptr ? std::move(context) : std::make_unique<Context>(key_, encrypts);
}

base::Status Gcm::encrypt(std::string_view nonce,
                          const Data& data,
                          std::string_view plain,
                          std::string* out) const {
  auto context = this->context(encrypting_, true);
  if (!context->begin(nonce, data)) return failed("encrypt");
  const std::size_t at = out->size();
  out->resize(at + plain.size() + kTagBytes);
  const bool encrypted = context->update(plain, bytes_of(*out, at)) && context->finish() &&
                         context->get_tag(bytes_of(*out, at + plain.size()));
  if (!encrypted) return failed("encrypt");
  encrypting_.put(std::move(context));
  return {};
}

base::Result<bool> Gcm::decrypt(std::string_view nonce,
                                const Data& data,
                                std::string_view ciphertext,
                                std::string_view tag,
                                std::string* plain) const {
  auto context = this->context(decrypting_, false);
  plain->resize(ciphertext.size());
  const bool decrypted = context->begin(nonce, data) &&
                         context->update(ciphertext, bytes_of(*plain, 0)) && context->set_tag(tag);
  if (!decrypted) return failed("decrypt");
  const bool verified = context->finish();
  if (!verified) plain->clear();
  decrypting_.put(std::move(context));
  return verified;
}

}  // namespace reprise::sealing
