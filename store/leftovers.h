// What a store that was never finished has left behind, and its removal: what we made and nothing
// else, by its name and its kind.
#pragma once
#include <set>
#include <string>

#include "store/directory.h"

namespace reprise::store {

// Removes journal, archive and FORMAT from the directory. kStoreUnwritable, and nothing is removed,
// when one of them is not such as we make them: somebody else's.
base::Status remove_parts(const StoreDirectory& at);

// remove_parts(), then the files `others` in it and the directory itself. Nothing there is fine.
base::Status remove_unfinished(const StoreDirectory& at, const std::set<std::string>& others);

}  // namespace reprise::store
