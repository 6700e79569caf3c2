// What the senders of updates are told when they get no answer of a handler.
#pragma once
#include <string>

#include "base/result.h"

namespace reprise::runtime {

// kUpdateUnfinished: the run has ended.
base::Error update_unfinished(const std::string& name);
// kUpdateCheck. `what`: "it threw ...".
base::Error update_check_failed(const std::string& name, const std::string& what);
// kUpdateConflict. `other`: the name of the update that has the id.
base::Error update_conflict(const std::string& id, const std::string& other);
// kUpdateForgotten. `why` continues the sentence.
base::Error update_forgotten(const std::string& id, const std::string& why);

}  // namespace reprise::runtime
