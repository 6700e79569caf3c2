// Names threads for debuggers, profilers and top.
#pragma once
#include <pthread.h>

namespace reprise::base {

// At most 15 characters; the kernel keeps no more.
inline void name_this_thread(const char* name) {
  (void)::pthread_setname_np(::pthread_self(), name);
}

}  // namespace reprise::base
