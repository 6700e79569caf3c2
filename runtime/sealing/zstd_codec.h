// Compression with zstd. What does not become smaller stays as it is, after a byte that says so.
#pragma once
#include <memory>

#include "base/result.h"
#include "runtime/sealing/codec.h"

namespace reprise::sealing {

inline constexpr int kLowestZstdLevel = 1;
inline constexpr int kHighestZstdLevel = 22;

// kInvalidCodec: there is no such level. decode() reads what any level has made, at most
// kLargestContent bytes of it.
base::Result<std::shared_ptr<const Codec>> make_zstd_codec(int level);

}  // namespace reprise::sealing
