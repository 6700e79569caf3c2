// The kinds of damage that a disk, a file system or a careless copy does to a store's files.
#pragma once
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/random.h"

namespace reprise::rot {

// The files of a store by their names in its directory.
using Files = std::map<std::string, std::string>;

inline constexpr std::string_view kJournalFile = "journal/data.mdb";
inline constexpr std::string_view kArchiveFile = "archive/data.mdb";

enum class Kind {
  kBit,         // one bit of a data file
  kBits,        // 2 to 64 bits of one page
  kHeaderBits,  // 1 to 4 bits in the first 64 bytes of a page
  kZeroedPage,
  kSwappedPages,
  kStalePage,  // as it was at an earlier moment
  kTruncated,
  kMetaBits,
  kStaleMeta,  // a meta page as it was at an earlier moment
  kFormatFile,
  kAttemptsFile,
  kKinds,
};

inline constexpr std::array<const char*, static_cast<std::size_t>(Kind::kKinds)> kKindNames = {
    "one bit",   "2-64 bits", "page header", "zeroed page", "swapped pages", "stale page",
    "truncated", "meta bits", "stale meta",  "FORMAT",      "attempts"};

// `moments` are the files at earlier times, the latest last. Says what it did.
std::string damage(Kind kind,
                   const std::vector<Files>& moments,
                   testing::Random& random,
                   Files* files);

}  // namespace reprise::rot
