#include "runtime/guard/patched_objects.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <dlfcn.h>
#include <link.h>
#include <mutex>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>
#include <unordered_map>

#include "runtime/guard/wrapped_calls.h"

namespace reprise::runtime::guard {
namespace {

#if defined(__x86_64__)
constexpr bool is_function_slot(std::uint64_t type) {
  return type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT;
}
#elif defined(__aarch64__)
constexpr bool is_function_slot(std::uint64_t type) {
  return type == R_AARCH64_JUMP_SLOT || type == R_AARCH64_GLOB_DAT;
}
#else
constexpr bool is_function_slot(std::uint64_t) {
  return false;
}
#endif

// The C library and the libraries below it call each other for their own purposes, and the
// stand-ins forward to a sanitizer's interceptors.
bool is_left_alone(std::string_view path) {
  constexpr std::string_view kPrefixes[] = {"ld-linux", "linux-vdso", "libc.so",  "libpthread",
                                            "libgcc_s", "libdl.so",   "librt.so", "libasan",
                                            "libtsan",  "libubsan",   "liblsan",  "libclang_rt"};
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes), [&](std::string_view prefix) {
    return name.substr(0, prefix.size()) == prefix;
  });
}

using StandIns = std::unordered_map<std::string_view, const WrappedCall*>;

// Only those whose original exists in the process.
StandIns make_stand_ins() {
  StandIns stand_ins;
  for (const WrappedCall& wrapped : wrapped_calls()) {
    void* const original = ::dlsym(RTLD_DEFAULT, wrapped.call.name.data());
    wrapped.original->store(original, std::memory_order_release);
    if (original != nullptr) stand_ins[wrapped.call.name] = &wrapped;
  }
  return stand_ins;
}

// The parts of one loaded object that matter here.
struct Object {
  std::uintptr_t base = 0;
  const ElfW(Sym) * symbols = nullptr;
  const char* names = nullptr;
  const ElfW(Rela) * slots = nullptr;
  std::size_t slot_bytes = 0;
  const ElfW(Rela) * data = nullptr;
  std::size_t data_bytes = 0;
  std::uintptr_t read_only = 0;  // made so after relocation
  std::size_t read_only_bytes = 0;
};

template <class T>
const T* at(std::uintptr_t base, std::uintptr_t address) {
  // The loader has relocated these addresses in most objects, but not in all.
  return reinterpret_cast<const T*>(address < base ? base + address : address);
}

void read_dynamic(const ElfW(Dyn) * entry, Object& object) {
  for (; entry->d_tag != DT_NULL; ++entry) {
    const std::uintptr_t value = entry->d_un.d_ptr;
    switch (entry->d_tag) {
      case DT_SYMTAB:
        object.symbols = at<ElfW(Sym)>(object.base, value);
        break;
      case DT_STRTAB:
        object.names = at<char>(object.base, value);
        break;
      case DT_JMPREL:
        object.slots = at<ElfW(Rela)>(object.base, value);
        break;
      case DT_PLTRELSZ:
        object.slot_bytes = entry->d_un.d_val;
        break;
      case DT_RELA:
        object.data = at<ElfW(Rela)>(object.base, value);
        break;
      case DT_RELASZ:
        object.data_bytes = entry->d_un.d_val;
        break;
      default:
        break;
    }
  }
}

Object read_object(const dl_phdr_info& info) {
  Object object{.base = info.dlpi_addr};
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const auto& segment = info.dlpi_phdr[i];
    if (segment.p_type == PT_DYNAMIC) {
      read_dynamic(reinterpret_cast<const ElfW(Dyn)*>(object.base + segment.p_vaddr), object);
    } else if (segment.p_type == PT_GNU_RELRO) {
      object.read_only = object.base + segment.p_vaddr;
      object.read_only_bytes = segment.p_memsz;
    }
  }
  return object;
}

// Other threads may call through the slot meanwhile: they see the old function or the new one.
bool write_slot(const Object& object, std::uintptr_t slot, void* function) {
  const auto page_bytes = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  auto* page = reinterpret_cast<void*>(slot & ~(page_bytes - 1));
  const bool read_only =
      slot >= object.read_only && slot < object.read_only + object.read_only_bytes;
  if (read_only && ::mprotect(page, page_bytes, PROT_READ | PROT_WRITE) != 0) return false;
  std::atomic_ref<void*>(*reinterpret_cast<void**>(slot)).store(function);
  if (read_only) (void)::mprotect(page, page_bytes, PROT_READ);
  return true;
}

std::size_t patch(const Object& object,
                  const ElfW(Rela) * entry,
                  std::size_t bytes,
                  const StandIns& stand_ins) {
  std::size_t patched = 0;
  for (const auto* end = entry + bytes / sizeof *entry; entry != end; ++entry) {
    if (!is_function_slot(ELF64_R_TYPE(entry->r_info))) continue;
    const auto& symbol = object.symbols[ELF64_R_SYM(entry->r_info)];
    const auto found = stand_ins.find(object.names + symbol.st_name);
    if (found == stand_ins.end()) continue;
    const std::uintptr_t slot = object.base + entry->r_offset;
    void* const present = std::atomic_ref<void*>(*reinterpret_cast<void**>(slot)).load();
    if (present == found->second->stand_in) {
      ++patched;
    } else if (present != nullptr) {  // a weak reference to a missing function stays null
      patched += write_slot(object, slot, found->second->stand_in) ? 1 : 0;
    }
  }
  return patched;
}

struct ObjectWalk {
  const StandIns& stand_ins;
  unsigned long long loaded;  // how many objects were, at the last walk
  std::size_t patched = 0;
  bool unchanged = false;
};

int visit(dl_phdr_info* info, std::size_t, void* argument) {
  auto& walk = *static_cast<ObjectWalk*>(argument);
  if (info->dlpi_adds == walk.loaded) {
    walk.unchanged = true;
    return 1;
  }
  if (is_left_alone(info->dlpi_name)) return 0;
  const Object object = read_object(*info);
  if (object.symbols == nullptr || object.names == nullptr) return 0;
  if (object.slots != nullptr) {
    walk.patched += patch(object, object.slots, object.slot_bytes, walk.stand_ins);
  }
  if (object.data != nullptr) {
    walk.patched += patch(object, object.data, object.data_bytes, walk.stand_ins);
  }
  return 0;
}

int count_loaded(dl_phdr_info* info, std::size_t, void* out) {
  *static_cast<unsigned long long*>(out) = info->dlpi_adds;
  return 1;
}

}  // namespace

std::size_t patch_loaded_objects() {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  static const StandIns stand_ins = make_stand_ins();
  static unsigned long long loaded = 0;
  static std::size_t patched = 0;
  ObjectWalk walk{stand_ins, loaded};
  ::dl_iterate_phdr(visit, &walk);
  if (walk.unchanged) return patched;
  ::dl_iterate_phdr(count_loaded, &loaded);
  return patched = walk.patched;
}

}  // namespace reprise::runtime::guard
