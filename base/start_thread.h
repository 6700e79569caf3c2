// All threads are started here: if the system gives none, that is an error, not an exception.
#pragma once
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "base/result.h"

namespace reprise::base {

// `Thread` is std::thread or std::jthread; `what` is for people: "the thread of shard 3".
template <class Thread, class Work>
Status start_thread(Thread* thread, std::string_view what, Work&& work) {
  try {
    *thread = Thread(std::forward<Work>(work));
    return {};
  } catch (const std::system_error& error) {
    return Error{
        ErrorCode::kNoResources,
        std::string(what) + " could not be started: " + error.what() +
            ". The process or its container may have no more threads or memory (ulimit -u, "
            "ulimit -v, pids.max); ask for fewer (EngineOptions::shards, "
            "WorkerOptions::activity_threads) or raise that"};
  }
}

}  // namespace reprise::base
