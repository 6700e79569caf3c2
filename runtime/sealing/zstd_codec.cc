#include "runtime/sealing/zstd_codec.h"

#include <utility>
#include <zstd.h>

#include "runtime/sealing/spare_contexts.h"

namespace reprise::sealing {
namespace {

// The first byte: what follows. They differ in more than one bit.
constexpr char kPlain = 'p';
constexpr char kFrame = 'z';  // one frame of zstd, with the size of its content and a checksum

constexpr std::string_view kMagic = "\x28\xb5\x2f\xfd";  // RFC 8878, 3.1.1

// A frame has 14 bytes besides its blocks.
constexpr std::size_t kLeastBytes = 32;
// A block of a frame has at least 4 bytes if it makes any, and makes at most so many.
constexpr std::size_t kLeastBlock = 4;
constexpr std::size_t kLargestBlock = std::size_t{128} << 10;

// Contexts that have grown beyond this are not kept: at level 22 a large turn makes one of
// hundreds of MiB.
constexpr std::size_t kKeptContext = std::size_t{8} << 20;

struct Compressor {
  ZSTD_CCtx* const context = ::ZSTD_createCCtx();
  Compressor() = default;
  ~Compressor() { ::ZSTD_freeCCtx(context); }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
};

struct Decompressor {
  ZSTD_DCtx* const context = ::ZSTD_createDCtx();
  Decompressor() = default;
  ~Decompressor() { ::ZSTD_freeDCtx(context); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
};

base::Error no_memory() {
  return {base::ErrorCode::kNoResources, "there is no memory for compression with zstd"};
}

base::Error bad_frame(std::string_view what) {
  return {base::ErrorCode::kSealBroken,
          "content that was compressed with zstd is damaged: " + std::string(what)};
}

std::string kept_plain(std::string_view plain) {
  std::string out;
  out.reserve(1 + plain.size());
  out += kPlain;
  out += plain;
  return out;
}

// The size that the frame gives its content is only believed if so few bytes can have so many: it
// is allocated before anything is decoded.
base::Result<std::size_t> content_bytes(std::string_view frame) {
  const unsigned long long size = ::ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (!frame.starts_with(kMagic) || size == ZSTD_CONTENTSIZE_ERROR ||
      size == ZSTD_CONTENTSIZE_UNKNOWN) {
    return bad_frame("it begins with no frame");
  }
  if (size > kLargestContent || size > (frame.size() / kLeastBlock + 1) * kLargestBlock) {
    return bad_frame("it would have " + std::to_string(size) + " bytes");
  }
  // The functions of zstd take several frames, and would skip what is none.
  if (::ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size()) {
    return bad_frame("it does not end with its frame");
  }
  return static_cast<std::size_t>(size);
}

class ZstdCodec final : public Codec {
 public:
  explicit ZstdCodec(int level) : level_(level) {}

  std::string_view name() const override { return kZstdName; }

  base::Result<std::string> encode(std::string_view plain, std::string_view) const override {
    if (plain.size() < kLeastBytes) return kept_plain(plain);
    auto compressor = compressors_.take();
    if (compressor == nullptr) {
      compressor = std::make_unique<Compressor>();
      if (compressor->context == nullptr) return no_memory();
      ::ZSTD_CCtx_setParameter(compressor->context, ZSTD_c_compressionLevel, level_);
      ::ZSTD_CCtx_setParameter(compressor->context, ZSTD_c_checksumFlag, 1);
    }
    std::string out(1 + ::ZSTD_compressBound(plain.size()), kFrame);
    const std::size_t bytes = ::ZSTD_compress2(compressor->context, out.data() + 1, out.size() - 1,
                                               plain.data(), plain.size());
    if (::ZSTD_isError(bytes)) return no_memory();  // the level and the sizes are good
    if (::ZSTD_sizeof_CCtx(compressor->context) <= kKeptContext) {
      compressors_.put(std::move(compressor));
    }
    if (bytes >= plain.size()) return kept_plain(plain);
    out.resize(1 + bytes);
    return out;
  }

  base::Result<std::string> decode(std::string_view encoded, std::string_view) const override {
    if (encoded.empty()) return bad_frame("it is empty");
    const std::string_view rest = encoded.substr(1);
    if (encoded[0] == kPlain) return std::string(rest);
    if (encoded[0] != kFrame) return bad_frame("it begins with another byte");
    const auto size = content_bytes(rest);
    if (!size) return size.error();
    auto decompressor = decompressors_.take();
    if (decompressor == nullptr) decompressor = std::make_unique<Decompressor>();
    if (decompressor->context == nullptr) return no_memory();
    std::string out(*size, '\0');
    const std::size_t bytes = ::ZSTD_decompressDCtx(decompressor->context, out.data(), out.size(),
                                                    rest.data(), rest.size());
    decompressors_.put(std::move(decompressor));
    if (::ZSTD_isError(bytes)) return bad_frame(::ZSTD_getErrorName(bytes));
    if (bytes != *size) return bad_frame("it has another size than it says");
    return out;
  }

 private:
  const int level_;
  mutable SpareContexts<Compressor> compressors_;
  mutable SpareContexts<Decompressor> decompressors_;
};

}  // namespace

base::Result<std::shared_ptr<const Codec>> make_zstd_codec(int level) {
  if (level < kLowestZstdLevel || level > kHighestZstdLevel) {
    return base::Error{base::ErrorCode::kInvalidCodec,
                       "zstd has no level " + std::to_string(level) + "; the levels are " +
                           std::to_string(kLowestZstdLevel) + " to " +
                           std::to_string(kHighestZstdLevel)};
  }
  return std::shared_ptr<const Codec>(std::make_shared<ZstdCodec>(level));
}

}  // namespace reprise::sealing
