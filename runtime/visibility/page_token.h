// The text that names the page after another one: the sort key of that one's last run, bound to the
// filter and the store. Runs that start and end meanwhile do not invalidate it.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace reprise::runtime::visibility {

inline constexpr std::size_t kMaxPageTokenBytes = 65'536;

std::string make_page_token(std::string_view filter, std::string_view store, std::string_view key);

// The sort key. kPageToken: it is damaged, or of another filter or store.
base::Result<std::string> read_page_token(std::string_view token,
                                          std::string_view filter,
                                          std::string_view store);

}  // namespace reprise::runtime::visibility
