#include "base/build_id.h"

#include <cstring>
#include <elf.h>
#include <link.h>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <utility>

#include "base/ids.h"

namespace reprise::base {
namespace {

struct Found {
  std::uint64_t sum = 0;  // the order in which libraries are loaded must not matter
  bool first = true;      // the program itself
  bool program = false;   // has an id
};

std::size_t padded(std::size_t bytes) {
  return (bytes + 3) / 4 * 4;
}

// The note's content; empty: not found.
std::string_view build_note(std::string_view notes) {
  constexpr std::string_view kOwner("GNU\0", 4);
  while (notes.size() >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes.data(), sizeof note);
    notes.remove_prefix(sizeof note);
    const std::size_t name = padded(note.n_namesz);
    const std::size_t content = padded(note.n_descsz);
    if (name + content > notes.size()) return {};
    if (note.n_type == NT_GNU_BUILD_ID && notes.substr(0, note.n_namesz) == kOwner) {
      return notes.substr(name, note.n_descsz);
    }
    notes.remove_prefix(name + content);
  }
  return {};
}

int look_at(dl_phdr_info* info, std::size_t, void* data) {
  auto& found = *static_cast<Found*>(data);
  const bool program = std::exchange(found.first, false);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& part = info->dlpi_phdr[i];
    if (part.p_type != PT_NOTE) continue;
    const auto* at = reinterpret_cast<const char*>(info->dlpi_addr + part.p_vaddr);
    const std::string_view id = build_note({at, part.p_memsz});
    if (id.empty()) continue;
    found.sum += hash64(id);
    found.program |= program;
  }
  return 0;
}

std::uint64_t hash_of_file(const char* path) {
  struct stat info {};
  if (::stat(path, &info) != 0) return 0;
  const std::int64_t facts[] = {static_cast<std::int64_t>(info.st_size), info.st_mtim.tv_sec,
                                info.st_mtim.tv_nsec};
  return hash64({reinterpret_cast<const char*>(facts), sizeof facts});
}

}  // namespace

std::uint64_t build_id() {
  Found found;
  ::dl_iterate_phdr(look_at, &found);
  return found.program ? found.sum : found.sum + hash_of_file("/proc/self/exe");
}

}  // namespace reprise::base
