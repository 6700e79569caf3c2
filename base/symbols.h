// What is at an address of this process: function, source file and line, from the DWARF of the
// program and its shared libraries (or of their separate debug files). Without debug information it
// is the name that the program exports, or else the place in the binary.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace reprise::base {

// A function at an address, or one that was inlined there.
struct Symbol {
  std::string function;    // "shop::place_order": no parameters, no return type; empty: unknown
  std::string file;        // the last two components of its path; empty: no debug information
  std::uint32_t line = 0;  // 0: unknown
  std::string place;       // "shop_worker+0x1a2b", what addr2line needs; "0x10" outside any binary
};

// "shop::place_order shop/order.cc:41", or "shop::place_order (shop_worker+0x1a2b)".
std::string to_string(const Symbol& symbol);

// Looks symbols up and caches them: the first look-up in a binary reads its debug information
// (milliseconds), the first of an address costs some 10 us, later ones some 10 ns. Addresses are
// inside the call instruction, like those of stack_frames(). Reads files; needs some 16 KiB of
// stack, so do not call it on a strand. Never asks a debuginfod server. One thread at a time.
// Symbols of an unloaded library stay in the cache.
class Symbols {
 public:
  Symbols();
  ~Symbols();
  Symbols(const Symbols&) = delete;
  Symbols& operator=(const Symbols&) = delete;

  // The functions at `address`, those inlined first; at least one. Valid until the Symbols are
  // gone.
  const std::vector<Symbol>& at(const void* address);

 private:
  class Debug;  // the debug information of binaries
  std::vector<Symbol> look_up(const void* address);

  std::unique_ptr<Debug> debug_;
  std::unordered_map<const void*, std::vector<Symbol>> known_;
};

// "#0 shop::place_order shop/order.cc:41" for each function on the stack.
std::vector<std::string> describe_frames(std::span<void* const> frames);

}  // namespace reprise::base
