// Puts the stand-ins of wrapped_calls.h in place: in the tables (GOT) through which the program and
// its shared libraries call functions of other objects. A program that never makes a guard pays
// nothing.
#pragma once
#include <cstddef>

namespace reprise::runtime::guard {

// Patches the objects loaded since the last call; this is never undone. Returns how many entries of
// the process are patched; 0: this program's calls cannot be intercepted, because it is linked
// statically or is not a Linux program for x86-64 or AArch64. Thread-safe.
std::size_t patch_loaded_objects();

}  // namespace reprise::runtime::guard
