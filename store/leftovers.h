// Removes what an unfinished store left: only what we made, judged by name and kind.
#pragma once
#include <set>
#include <string>

#include "store/directory.h"

namespace reprise::store {

// Removes journal, archive and FORMAT from the directory. kStoreUnwritable, and nothing is removed,
// when one of them is not as we make it: it is somebody else's.
base::Status remove_parts(const StoreDirectory& at);

// remove_parts(), then the files `others` in it and the directory itself. Nothing there is fine.
base::Status remove_unfinished(const StoreDirectory& at, const std::set<std::string>& others);

}  // namespace reprise::store
