#include "runtime/engine/update_errors.h"

namespace reprise::runtime {

using base::ErrorCode;

base::Error update_unfinished(const std::string& name) {
  return {ErrorCode::kUpdateUnfinished,
          "the run has ended, and the handler of update '" + name +
              "' had not: what it does may be half done. Let the code call "
              "ctx.finish_handlers() before it ends"};
}

base::Error update_check_failed(const std::string& name, const std::string& what) {
  return {ErrorCode::kUpdateCheck, "the check of update '" + name +
                                       "' must return or throw a Failure, and " + what +
                                       ". Nothing was recorded, and the run goes on"};
}

base::Error update_conflict(const std::string& id, const std::string& other) {
  return {ErrorCode::kUpdateConflict, "update id '" + id + "' is that of an update '" + other +
                                          "', which this run has taken before; use another id"};
}

base::Error update_forgotten(const std::string& id, const std::string& why) {
  return {
      ErrorCode::kUpdateForgotten,
      "update '" + id + "' was taken before, so it is not handled again, and its answer " + why};
}

}  // namespace reprise::runtime
