// The parts of LMDB 0.9's file format (data version 1, 64 bits) that the walk over its pages needs.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reprise::store {

inline constexpr std::uint64_t kNoPage = ~std::uint64_t{0};
inline constexpr std::size_t kPageHeaderBytes = 16;  // 0 number 8 | 8 pad 2 | 10 flags 2 | 12 lower
                                                     // 2 14 upper 2; overflow: 12 pages 4
inline constexpr std::size_t kNodeHeaderBytes = 8;  // 0 size 4 | 4 flags 2 | 6 key bytes 2
inline constexpr std::size_t kLongestKey = 511;

enum PageFlag : std::uint16_t { kBranchPage = 1, kLeafPage = 2, kOverflowPage = 4, kMetaPage = 8 };
enum NodeFlag : std::uint16_t { kOverflowValue = 1, kSubTable = 2 };
inline constexpr std::uint16_t kIntegerKeys = 8;

// A table's description, as in meta pages and the entries of named tables.
struct TableRoot {
  static constexpr std::size_t kBytes = 48;
  static TableRoot decode(std::string_view bytes);

  std::uint32_t pad = 0;
  std::uint16_t flags = 0;
  std::uint16_t depth = 0;
  std::uint64_t branch_pages = 0;
  std::uint64_t leaf_pages = 0;
  std::uint64_t overflow_pages = 0;
  std::uint64_t entries = 0;
  std::uint64_t root = kNoPage;
};

struct MetaPage {
  static constexpr std::size_t kBytes = 152;
  // Empty, with the reason, when it is none.
  static std::optional<MetaPage> decode(std::string_view bytes,
                                        std::uint64_t number,
                                        std::string* why);

  std::uint64_t page_bytes = 0;
  TableRoot free;
  TableRoot main;
  std::uint64_t last_page = 0;
  std::uint64_t transaction = 0;
};

// A node of a branch or leaf page, with its bounds checked.
struct PageNode {
  // Empty: it does not lie within the page.
  static std::optional<PageNode> at(std::string_view page, std::size_t index);

  std::string_view key;
  std::uint64_t child = 0;   // branch
  std::uint64_t size = 0;    // leaf: of the value
  std::uint16_t flags = 0;   // leaf
  std::string_view value{};  // leaf: the value, or the number of its first overflow page
  std::size_t begin = 0;     // in the page
  std::size_t end = 0;
};

std::size_t nodes_of(std::string_view page);

// Do the nodes of a branch or leaf page fill the space after its upper bound, each byte once? LMDB
// keeps them so, and moves memory by their sizes when it changes the page.
bool nodes_fill_page(std::string_view page);

}  // namespace reprise::store
