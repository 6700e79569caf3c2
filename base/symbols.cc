#include "base/symbols.h"

#include <cstdlib>
#include <cxxabi.h>
#include <dlfcn.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <link.h>
#include <map>
#include <optional>
#include <sstream>

#include "base/call_site.h"
#include "base/function_name.h"
#include "base/place.h"

namespace reprise::base {
namespace {

using Malloced = std::unique_ptr<char, decltype(&std::free)>;

std::string readable(const char* linkage_name) {
  int status = 0;
  const Malloced text(abi::__cxa_demangle(linkage_name, nullptr, nullptr, &status), &std::free);
  if (status == 0) return plain_name(text.get());
  const std::string_view name(linkage_name);
  return std::string(name.substr(0, name.find('@')));  // without the version of a library's symbol
}

// ---- separate debug files ---------------------------------------------------------------------

// libdw would ask a server if the environment names one; a report must not wait for a network.
int find_debug_file(Dwfl_Module* module,
                    void** data,
                    const char* name,
                    Dwarf_Addr base,
                    const char* file,
                    const char* link,
                    GElf_Word checksum,
                    char** found) {
  const bool server = std::getenv("DEBUGINFOD_URLS") != nullptr;
  const auto find = server ? dwfl_build_id_find_debuginfo : dwfl_standard_find_debuginfo;
  return find(module, data, name, base, file, link, checksum, found);
}

constexpr Dwfl_Callbacks kCallbacks = {.find_elf = dwfl_build_id_find_elf,
                                       .find_debuginfo = find_debug_file,
                                       .section_address = nullptr,
                                       .debuginfo_path = nullptr};

// ---- one entry of the debug information -------------------------------------------------------

// Calls `use` with each child.
template <class Use>
void for_each_child(Dwarf_Die* parent, Use use) {
  Dwarf_Die child;
  for (int end = dwarf_child(parent, &child); end == 0; end = dwarf_siblingof(&child, &child)) {
    use(&child);
  }
}

std::string name_of(Dwarf_Die* function);

std::string name_part(Dwarf_Die* scope) {
  const int tag = dwarf_tag(scope);
  if (tag == DW_TAG_compile_unit) return {};
  if (const char* name = dwarf_diename(scope); name != nullptr) return name;
  if (tag == DW_TAG_namespace) return "(anonymous namespace)";
  return tag == DW_TAG_class_type || tag == DW_TAG_structure_type ? "{lambda}" : "";
}

// The debug information does not have the full names of functions with internal linkage.
std::string name_in_scopes(Dwarf_Die* entry) {
  Dwarf_Die declared = *entry;
  for (const unsigned link : {DW_AT_abstract_origin, DW_AT_specification}) {
    Dwarf_Attribute attribute;
    if (dwarf_attr(&declared, link, &attribute) != nullptr) {
      Dwarf_Die target;
      if (dwarf_formref_die(&attribute, &target) != nullptr) declared = target;
    }
  }
  Dwarf_Die* scopes = nullptr;  // the entry itself first
  const int count = dwarf_getscopes_die(&declared, &scopes);
  const std::unique_ptr<Dwarf_Die, decltype(&std::free)> owner(scopes, &std::free);
  std::string name;
  for (int i = 0; i < count; ++i) {
    const bool outer_function = i > 0 && dwarf_tag(&scopes[i]) == DW_TAG_subprogram;
    const std::string part = outer_function ? name_of(&scopes[i]) : name_part(&scopes[i]);
    if (!part.empty()) name = name.empty() ? part : part + "::" + name;
    if (outer_function) break;  // that was the whole name
  }
  return name;
}

std::string name_of(Dwarf_Die* function) {
  Dwarf_Attribute attribute;
  if (dwarf_attr_integrate(function, DW_AT_linkage_name, &attribute) != nullptr) {
    if (const char* linkage = dwarf_formstring(&attribute); linkage != nullptr) {
      return readable(linkage);
    }
  }
  return name_in_scopes(function);
}

std::string short_path(const char* path) {
  return path == nullptr ? std::string() : std::string(CallSite{path, 0}.short_file());
}

// Where an inlined function was called.
void set_call(Dwarf_Die* unit, Dwarf_Die* inlined, Symbol* caller) {
  Dwarf_Files* files = nullptr;
  std::size_t count = 0;
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  if (dwarf_getsrcfiles(unit, &files, &count) == 0 &&
      dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &value) == 0) {
    caller->file = short_path(dwarf_filesrc(files, value, nullptr, nullptr));
  }
  if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &value) == 0) {
    caller->line = static_cast<std::uint32_t>(value);
  }
}

// The functions of one compilation unit by address: without it each look-up would walk through the
// whole unit (1.7 ms for a file of this project).
class Functions {
 public:
  explicit Functions(Dwarf_Die* unit) { collect(unit); }

  Dwarf_Die* find(Dwarf_Addr pc) {
    const auto after = by_start_.upper_bound(pc);
    if (after == by_start_.begin()) return nullptr;
    auto& [end, function] = std::prev(after)->second;
    return pc < end ? &function : nullptr;
  }

 private:
  void collect(Dwarf_Die* parent) {
    for_each_child(parent, [this](Dwarf_Die* entry) {
      if (dwarf_tag(entry) == DW_TAG_subprogram) add(entry);
      if (dwarf_haschildren(entry) == 1) collect(entry);
    });
  }
  void add(Dwarf_Die* function) {
    Dwarf_Addr base = 0;
    Dwarf_Addr start = 0;
    Dwarf_Addr end = 0;
    std::ptrdiff_t at = 0;
    while ((at = dwarf_ranges(function, at, &base, &start, &end)) > 0) {
      if (start < end) by_start_[start] = {end, *function};
    }
  }

  std::map<Dwarf_Addr, std::pair<Dwarf_Addr, Dwarf_Die>> by_start_;
};

// The inlined functions of `parent` at an address, the outermost first.
void collect_inlined(Dwarf_Die* parent, Dwarf_Addr pc, std::vector<Dwarf_Die>* inlined) {
  for_each_child(parent, [&](Dwarf_Die* entry) {
    const int tag = dwarf_tag(entry);
    if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_lexical_block) return;
    if (dwarf_haspc(entry, pc) != 1) return;
    if (tag == DW_TAG_inlined_subroutine) inlined->push_back(*entry);
    collect_inlined(entry, pc, inlined);
  });
}

// ---- without debug information ----------------------------------------------------------------

std::string hexadecimal(std::uintptr_t number) {
  std::ostringstream text;
  text << "0x" << std::hex << number;
  return text.str();
}

Symbol exported_symbol(const void* address) {
  Symbol symbol;
  Dl_info info{};
  if (::dladdr(address, &info) == 0 || info.dli_fname == nullptr) {
    symbol.place = hexadecimal(reinterpret_cast<std::uintptr_t>(address));
    return symbol;
  }
  if (info.dli_sname != nullptr) symbol.function = readable(info.dli_sname);
  const std::string_view path(info.dli_fname);
  symbol.place = path.substr(path.rfind('/') + 1);
  symbol.place +=
      "+" + hexadecimal(static_cast<std::uintptr_t>(static_cast<const char*>(address) -
                                                    static_cast<const char*>(info.dli_fbase)));
  return symbol;
}

// ---- which binary an address lies in ----------------------------------------------------------

struct Binary {
  std::uintptr_t address = 0;  // asked for
  std::string path{};
  std::uintptr_t base = 0;
  bool found = false;
};

int look_in_binary(dl_phdr_info* info, std::size_t, void* data) {
  auto& wanted = *static_cast<Binary*>(data);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& part = info->dlpi_phdr[i];
    const std::uintptr_t start = info->dlpi_addr + part.p_vaddr;
    if (part.p_type != PT_LOAD || wanted.address < start ||
        wanted.address >= start + part.p_memsz) {
      continue;
    }
    // The program itself has no name here; its file may have been replaced since it started.
    wanted.path = info->dlpi_name[0] == '\0' ? "/proc/self/exe" : info->dlpi_name;
    wanted.base = info->dlpi_addr;
    wanted.found = true;
    return 1;
  }
  return 0;
}

}  // namespace

class Symbols::Debug {
 public:
  Debug() : session_(dwfl_begin(&kCallbacks)) {}
  ~Debug() { dwfl_end(session_); }
  Debug(const Debug&) = delete;
  Debug& operator=(const Debug&) = delete;

  // Empty: there is no debug information for this place. `exported` is what is known without it.
  std::vector<Symbol> functions(const void* address, const Symbol& exported) {
    const auto pc = reinterpret_cast<Dwarf_Addr>(address);
    Dwfl_Module* const module = module_of(pc);
    if (module == nullptr) return {};
    Symbol innermost = exported;
    if (const char* name = dwfl_module_addrname(module, pc); name != nullptr) {
      innermost.function = readable(name);
    }
    Dwarf_Addr bias = 0;
    Dwarf_Die* const unit = unit_of(module, pc, &bias);
    if (unit == nullptr) return {innermost};
    if (Dwarf_Line* line = dwarf_getsrc_die(unit, pc - bias); line != nullptr) {
      int number = 0;
      dwarf_lineno(line, &number);
      innermost.file = short_path(dwarf_linesrc(line, nullptr, nullptr));
      innermost.line = static_cast<std::uint32_t>(number);
    }
    return with_inlined(unit, pc - bias, std::move(innermost));
  }

 private:
  Dwfl_Module* module_of(Dwarf_Addr pc) {
    if (session_ == nullptr) return nullptr;
    if (Dwfl_Module* module = dwfl_addrmodule(session_, pc); module != nullptr) return module;
    Binary binary{.address = pc};
    dl_iterate_phdr(look_in_binary, &binary);
    if (!binary.found) return nullptr;
    dwfl_report_begin_add(session_);
    Dwfl_Module* const module =
        dwfl_report_elf(session_, binary.path.c_str(), binary.path.c_str(), -1, binary.base, true);
    dwfl_report_end(session_, nullptr, nullptr);
    return module;
  }

  // clang leaves out the index from addresses to compilation units.
  static Dwarf_Die* unit_of(Dwfl_Module* module, Dwarf_Addr pc, Dwarf_Addr* bias) {
    if (Dwarf_Die* unit = dwfl_module_addrdie(module, pc, bias); unit != nullptr) return unit;
    Dwarf_Die* unit = nullptr;
    while ((unit = dwfl_module_nextcu(module, unit, bias)) != nullptr) {
      if (dwarf_haspc(unit, pc - *bias) == 1) return unit;
    }
    return nullptr;
  }

  std::vector<Symbol> with_inlined(Dwarf_Die* unit, Dwarf_Addr pc, Symbol innermost) {
    auto& functions = functions_[unit->addr];
    if (!functions) functions = std::make_unique<Functions>(unit);
    Dwarf_Die* const function = functions->find(pc);
    if (function == nullptr) return {innermost};
    const std::string outermost =
        innermost.function.empty() ? name_of(function) : innermost.function;
    std::vector<Dwarf_Die> inlined;
    collect_inlined(function, pc, &inlined);
    std::vector<Symbol> symbols{std::move(innermost)};
    for (auto entry = inlined.rbegin(); entry != inlined.rend(); ++entry) {
      symbols.back().function = name_of(&*entry);
      Symbol caller{.function = {}, .file = {}, .place = symbols.back().place};
      set_call(unit, &*entry, &caller);
      symbols.push_back(std::move(caller));
    }
    symbols.back().function = outermost;
    return symbols;
  }

  Dwfl* session_;
  std::unordered_map<const void*, std::unique_ptr<Functions>> functions_;  // by unit
};

Symbols::Symbols() = default;
Symbols::~Symbols() = default;

const std::vector<Symbol>& Symbols::at(const void* address) {
  auto [entry, is_new] = known_.try_emplace(address);
  if (is_new) entry->second = look_up(address);
  return entry->second;
}

std::vector<Symbol> Symbols::look_up(const void* address) {
  const Symbol exported = exported_symbol(address);
  if (!debug_) debug_ = std::make_unique<Debug>();
  auto symbols = debug_->functions(address, exported);
  if (symbols.empty()) symbols.push_back(exported);
  return symbols;
}

std::string to_string(const Symbol& symbol) {
  std::string text = symbol.function;
  if (!text.empty()) text += ' ';
  if (symbol.line != 0) return text + place_text(symbol.file, symbol.line);
  return text.empty() ? symbol.place : text + "(" + symbol.place + ")";
}

std::vector<std::string> describe_frames(std::span<void* const> frames) {
  Symbols symbols;
  std::vector<std::string> lines;
  for (const void* address : frames) {
    for (const Symbol& symbol : symbols.at(address)) {
      lines.push_back("#" + std::to_string(lines.size()) + " " + to_string(symbol));
    }
  }
  return lines;
}

}  // namespace reprise::base
