#include "store/lmdb_format.h"

#include <algorithm>
#include <array>

#include "store/bytes.h"

namespace reprise::store {
namespace {

constexpr std::uint32_t kLmdbMagic = 0xBEEFC0DE;
constexpr std::uint32_t kDataVersion = 1;

bool is_page_size(std::uint64_t bytes) {
  return bytes >= 512 && bytes <= 65536 && (bytes & (bytes - 1)) == 0;
}

}  // namespace

TableRoot TableRoot::decode(std::string_view bytes) {
  const char* from = bytes.data();
  return {.pad = load_le<std::uint32_t>(from),
          .flags = load_le<std::uint16_t>(from + 4),
          .depth = load_le<std::uint16_t>(from + 6),
          .branch_pages = load_le<std::uint64_t>(from + 8),
          .leaf_pages = load_le<std::uint64_t>(from + 16),
          .overflow_pages = load_le<std::uint64_t>(from + 24),
          .entries = load_le<std::uint64_t>(from + 32),
          .root = load_le<std::uint64_t>(from + 40)};
}

std::optional<MetaPage> MetaPage::decode(std::string_view bytes,
                                         std::uint64_t number,
                                         std::string* why) {
  const auto refuse = [why](const char* what) {
    *why = what;
    return std::nullopt;
  };
  if (bytes.size() < kBytes) return refuse("it is cut off");
  const char* from = bytes.data();
  if (load_le<std::uint64_t>(from) != number || load_le<std::uint16_t>(from + 10) != kMetaPage) {
    return refuse("it is no meta page");
  }
  if (load_le<std::uint32_t>(from + 16) != kLmdbMagic ||
      load_le<std::uint32_t>(from + 20) != kDataVersion) {
    return refuse("it is not of LMDB 0.9");
  }
  MetaPage meta;
  meta.free = TableRoot::decode(bytes.substr(40, TableRoot::kBytes));
  meta.main = TableRoot::decode(bytes.substr(88, TableRoot::kBytes));
  meta.page_bytes = meta.free.pad;
  meta.last_page = load_le<std::uint64_t>(from + 136);
  meta.transaction = load_le<std::uint64_t>(from + 144);
  if (!is_page_size(meta.page_bytes)) return refuse("its page size is invalid");
  constexpr std::uint64_t kMostPages = std::uint64_t{1} << 40;
  if (meta.last_page == 0 || meta.last_page > kMostPages) return refuse("its page count is wrong");
  if (meta.free.flags != kIntegerKeys) return refuse("its flags are not ours");
  // LMDB writes the two meta pages alternately.
  const bool never_written = meta.transaction == 0;
  if (!never_written && (meta.transaction & 1) != number) return refuse("its transaction is wrong");
  return meta;
}

std::size_t nodes_of(std::string_view page) {
  return (load_le<std::uint16_t>(page.data() + 12) - kPageHeaderBytes) / 2;
}

std::optional<PageNode> PageNode::at(std::string_view page, std::size_t index) {
  const char* const from = page.data();
  const std::size_t offset = load_le<std::uint16_t>(from + kPageHeaderBytes + 2 * index);
  const std::size_t upper = load_le<std::uint16_t>(from + 14);
  if (offset < upper || offset % 2 != 0 || offset + kNodeHeaderBytes > page.size()) return {};
  const std::size_t key_bytes = load_le<std::uint16_t>(from + offset + 6);
  const std::size_t data = offset + kNodeHeaderBytes + key_bytes;
  if (key_bytes > kLongestKey || data > page.size()) return {};
  PageNode node;
  node.key = page.substr(offset + kNodeHeaderBytes, key_bytes);
  node.size = load_le<std::uint32_t>(from + offset);
  node.flags = load_le<std::uint16_t>(from + offset + 4);
  node.begin = offset;
  node.end = data + data % 2;
  if (load_le<std::uint16_t>(from + 10) == kBranchPage) {
    node.child = node.size | std::uint64_t{node.flags} << 32;
    return node;
  }
  const std::size_t here = node.flags == kOverflowValue ? 8 : node.size;
  if (here > page.size() - data) return {};
  node.value = page.substr(data, here);
  node.end = data + here + (data + here) % 2;
  return node;
}

bool nodes_fill_page(std::string_view page) {
  constexpr std::size_t kMostNodes = 65536 / 10;  // a node has 8 bytes, and 2 lead to it
  std::array<std::uint16_t, kMostNodes> ends;
  std::array<std::uint16_t, kMostNodes> begins;
  const std::size_t count = nodes_of(page);
  if (count > begins.size()) return false;
  for (std::size_t i = 0; i < count; ++i) {
    const auto node = PageNode::at(page, i);
    if (!node) return false;
    begins[i] = static_cast<std::uint16_t>(node->begin);
    ends[i] = static_cast<std::uint16_t>(node->end);
  }
  std::sort(begins.begin(), begins.begin() + count);
  std::sort(ends.begin(), ends.begin() + count);
  // Sorted, each one's end is the next one's beginning. Of a page of 64 KiB the end wraps to 0.
  if (begins[0] != load_le<std::uint16_t>(page.data() + 14)) return false;
  if (ends[count - 1] != static_cast<std::uint16_t>(page.size())) return false;
  return std::equal(begins.begin() + 1, begins.begin() + count, ends.begin());
}

}  // namespace reprise::store
