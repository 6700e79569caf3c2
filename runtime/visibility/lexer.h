// The words of a filter.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace reprise::runtime::visibility {

struct Token {
  enum class Kind : std::uint8_t {
    kName,  // a field, or a keyword where one is expected
    kQuotedName,
    kText,
    kNumber,
    kSymbol,  // = != <> < <= > >= ( ) ,
    kEnd,
  };
  Kind kind = Kind::kEnd;
  std::string text;     // without quotes and escapes
  std::size_t at = 0;   // its first byte in the filter
  std::size_t end = 0;  // the byte after it
};

// kFilter, with a line under the filter that points at the character.
base::Error fault_at(std::string_view filter, std::size_t at, std::string_view what);

// The last one is kEnd. kFilter: a character that is not part of any word, a text that does not
// end, bytes that are not UTF-8, or a filter that is too long.
base::Result<std::vector<Token>> tokens_of(std::string_view filter);

}  // namespace reprise::runtime::visibility
