// Which build of the program this is.
#pragma once
#include <cstdint>

namespace reprise::base {

// The same for every process of the same build; different when the program, or a shared library
// that it has loaded by now, was built again. Made from the build ids that linkers write (the note
// .note.gnu.build-id); for a program without one, from the size and the time of its file.
std::uint64_t build_id();

}  // namespace reprise::base
