// New keys in key files.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace reprise::sealing {

// Puts a new random key first into the file, so that it becomes the current one; what is in the
// file stays there after it. A file that is not there is made, for its owner alone. It is replaced
// as a whole and durably: there is never half of it. Not for two callers at a time.
//
// `id`: of the new key. Empty: the first of k1, k2 and so on that is not in the file. Returns the
// id. kInvalidKey: the id is bad or taken, or what read_key_file() says of the file;
// kStoreUnwritable: it cannot be written, or is no file of its own (a link, a pipe); kNoResources.
base::Result<std::string> add_key(const std::string& path, std::string_view id = {});

}  // namespace reprise::sealing
