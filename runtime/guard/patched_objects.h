// Puts the stand-ins of wrapped_calls.h in place: in the tables (GOT) through which the program and
// its shared libraries reach functions of others. A program that never asks for it pays nothing.
#pragma once
#include <cstddef>

namespace reprise::runtime::guard {

// Patches what is loaded now and was not at the last call; what is patched stays so. Returns how
// many entries of the process are patched; 0: this program's calls cannot be intercepted, because
// it is linked statically or is no Linux program of x86-64 or AArch64. Thread-safe.
std::size_t patch_loaded_objects();

}  // namespace reprise::runtime::guard
