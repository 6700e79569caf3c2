// Keys in a file: one on each line, its id and 64 hexadecimal digits. The first one is the current
// key. Empty lines and lines that begin with '#' are ignored. docs/codecs.md describes it to users.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/sealing/key_ring.h"

namespace reprise::sealing {

inline constexpr std::size_t kMaxKeyFileBytes = std::size_t{256} << 10;

// `name`: of the file, for messages. They have the number of the line, and nothing of what is on
// it. kInvalidKey.
base::Result<KeyMaterial> parse_key_file(std::string_view text, std::string_view name);

// A regular file or a pipe, which nobody but its owner may read or write: kInvalidKey otherwise.
base::Result<KeyMaterial> read_key_file(const std::string& path);

// The same without what it means, for a file that is to be written again.
struct KeyFileText {
  KeyFileText() = default;
  ~KeyFileText();  // wipes it
  KeyFileText(KeyFileText&&) = default;
  KeyFileText& operator=(KeyFileText&&) = default;

  std::string text{};
};
base::Result<KeyFileText> read_key_file_text(const std::string& path);

}  // namespace reprise::sealing
