// Sealing and opening an envelope: content like that of orders, of 200 B and of 4 KiB, for each
// codec and both, and the floors: a copy, and AES-256-GCM of OpenSSL with a context that is kept.
#include <memory>
#include <openssl/evp.h>
#include <string>

#include <benchmark/benchmark.h>

#include "runtime/sealing/aes_gcm_codec.h"
#include "runtime/sealing/envelope.h"
#include "runtime/sealing/zstd_codec.h"

namespace reprise::bench {
namespace {

// Text in which much repeats and much does not, as in payloads.
std::string content(std::size_t size) {
  std::string out;
  for (unsigned number = 4'711; out.size() < size; number = number * 1'103'515'245u + 12'345u) {
    out += "{\"order\":" + std::to_string(number) + ",\"sku\":\"A-" + std::to_string(number % 97) +
           "\",\"state\":\"paid\"},";
  }
  out.resize(size);
  return out;
}

std::shared_ptr<const sealing::Codec> aes() {
  sealing::KeyMaterial keys;
  keys.keys["k1"] = std::string(sealing::kKeyBytes, 'k');
  keys.current = "k1";
  return sealing::make_aes_gcm_codec(sealing::KeyRing::make(keys).value());
}

std::shared_ptr<const sealing::Codec> zstd() {
  return sealing::make_zstd_codec(3).value();
}

sealing::Codecs only_zstd() {
  return {zstd()};
}
sealing::Codecs only_aes() {
  return {aes()};
}
sealing::Codecs zstd_and_aes() {
  return {zstd(), aes()};
}

void seal_bench(benchmark::State& state, sealing::Codecs (*chain)()) {
  const sealing::Codecs codecs = chain();
  const std::string plain = content(static_cast<std::size_t>(state.range(0)));
  std::size_t size = 0;
  for (auto _ : state) {
    const auto envelope = sealing::seal(codecs, plain, "turn");
    size = envelope->size();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
  state.counters["envelope"] = static_cast<double>(size);
}

void open_bench(benchmark::State& state, sealing::Codecs (*chain)()) {
  const sealing::Codecs codecs = chain();
  const std::string plain = content(static_cast<std::size_t>(state.range(0)));
  const auto envelope = sealing::seal(codecs, plain, "turn");
  for (auto _ : state) {
    const auto opened = sealing::unseal(codecs, *envelope, "turn");
    if (!opened || opened->size() != plain.size()) state.SkipWithError("it does not open");
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void copy_floor(benchmark::State& state) {
  const std::string plain = content(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    std::string copy = plain;
    benchmark::DoNotOptimize(copy.data());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void openssl_floor(benchmark::State& state) {
  const std::string plain = content(static_cast<std::size_t>(state.range(0)));
  const std::string key(32, 'k');
  const auto* const bytes = reinterpret_cast<const unsigned char*>(plain.data());
  std::string out(plain.size() + 16, '\0');
  auto* const to = reinterpret_cast<unsigned char*>(out.data());
  unsigned char nonce[12] = {};
  EVP_CIPHER_CTX* const context = ::EVP_CIPHER_CTX_new();
  ::EVP_EncryptInit_ex(context, ::EVP_aes_256_gcm(), nullptr,
                       reinterpret_cast<const unsigned char*>(key.data()), nullptr);
  for (auto _ : state) {
    int length = 0;
    ++nonce[0];  // repeats, which is no matter here
    const bool encrypted =
        ::EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, nonce) == 1 &&
        ::EVP_EncryptUpdate(context, to, &length, bytes, static_cast<int>(plain.size())) == 1 &&
        ::EVP_EncryptFinal_ex(context, to + length, &length) == 1 &&
        ::EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, 16, to + plain.size()) == 1;
    if (!encrypted) state.SkipWithError("it does not encrypt");
  }
  ::EVP_CIPHER_CTX_free(context);
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

BENCHMARK(copy_floor)->Arg(200)->Arg(4'096);
BENCHMARK(openssl_floor)->Arg(200)->Arg(4'096);
BENCHMARK_CAPTURE(seal_bench, zstd, only_zstd)->Arg(200)->Arg(4'096);
BENCHMARK_CAPTURE(open_bench, zstd, only_zstd)->Arg(200)->Arg(4'096);
BENCHMARK_CAPTURE(seal_bench, aes_gcm, only_aes)->Arg(200)->Arg(4'096);
BENCHMARK_CAPTURE(open_bench, aes_gcm, only_aes)->Arg(200)->Arg(4'096);
BENCHMARK_CAPTURE(seal_bench, zstd_aes_gcm, zstd_and_aes)->Arg(200)->Arg(4'096);
BENCHMARK_CAPTURE(open_bench, zstd_aes_gcm, zstd_and_aes)->Arg(200)->Arg(4'096);

}  // namespace
}  // namespace reprise::bench
