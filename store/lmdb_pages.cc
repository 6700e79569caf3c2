#include "store/lmdb_pages.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "store/bytes.h"
#include "store/file_error.h"
#include "store/files.h"
#include "store/lmdb_format.h"

namespace reprise::store {
namespace {

constexpr std::string_view kFreeTable = "(free)";

base::Error unreadable(const std::string& what) {
  return {base::ErrorCode::kStoreDamaged, what};
}

// Empty when the file has no such bytes.
base::Result<std::string> read_bytes(int file, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  const ssize_t got = ::pread(file, bytes.data(), size, static_cast<off_t>(offset));
  if (got < 0) return file_error(errno, "read", "data.mdb");
  if (static_cast<std::size_t>(got) != size) bytes.clear();
  return bytes;
}

// Both meta pages; an invalid one is empty, with a reason.
struct Metas {
  std::array<std::optional<MetaPage>, 2> page;
  std::array<std::string, 2> why;

  base::Status read(int file) {
    for (const std::uint64_t number : {0, 1}) {
      const std::uint64_t page_bytes = number == 0 || !page[0] ? 4096 : page[0]->page_bytes;
      const auto bytes = read_bytes(file, number * page_bytes, MetaPage::kBytes);
      if (!bytes) return bytes.error();
      page[number] = MetaPage::decode(*bytes, number, &why[number]);
    }
    return {};
  }
  // What is wrong with them as a pair; empty: nothing.
  std::string wrong() const {
    for (const int number : {0, 1}) {
      if (!page[number]) return "meta page " + std::to_string(number) + ": " + why[number];
    }
    const std::uint64_t even = page[0]->transaction;
    const std::uint64_t odd = page[1]->transaction;
    if (page[0]->page_bytes != page[1]->page_bytes) return "its meta pages differ in page size";
    const bool fresh = even == 0 && odd == 0;
    if (!fresh && even != odd + 1 && odd != even + 1) {
      return "its meta pages are not of two transactions in a row";
    }
    return {};
  }
};

// nullptr: there is no fault.
const char* fault_of_header(std::string_view page, std::uint64_t number, bool at_bottom) {
  if (load_le<std::uint64_t>(page.data()) != number) return "another page lies in its place";
  const auto flags = load_le<std::uint16_t>(page.data() + 10);
  if (flags != (at_bottom ? kLeafPage : kBranchPage)) return "it is of another kind";
  const std::size_t lower = load_le<std::uint16_t>(page.data() + 12);
  const std::size_t upper = load_le<std::uint16_t>(page.data() + 14);
  if (lower < kPageHeaderBytes + 2 || lower % 2 != 0 || upper < lower || upper > page.size()) {
    return "its bounds are none";
  }
  return nullptr;
}

class PageWalk {
 public:
  PageWalk(int file, const MetaPage& meta, std::uint64_t pages, bool leaves, PageVisitor& visitor)
      : file_(file),
        meta_(meta),
        in_file_(pages),
        leaves_(leaves),
        visitor_(visitor),
        used_(std::min(meta.last_page + 1, pages + 1)) {}

  base::Status run() {
    if (auto walked = walk(kFreeTable, meta_.free); !walked) return walked;
    if (auto walked = walk({}, meta_.main); !walked) return walked;
    for (const std::uint64_t page : free_) {
      if (page < used_.size() && used_[page]) damaged(page, "it is in use and listed as free");
    }
    return {};
  }

 private:
  struct Table {
    std::string_view name;
    const TableRoot& root;
    std::uint64_t branch_pages = 0;
    std::uint64_t leaf_pages = 0;
    std::uint64_t overflow_pages = 0;
    std::uint64_t entries = 0;
    bool whole = true;  // nothing of it was left out

    bool integer_keys() const { return (root.flags & kIntegerKeys) != 0; }
    bool internal() const { return name == kFreeTable; }
  };
  // The keys that a subtree may have: from `from` on, and less than `to` if that is set.
  struct Range {
    std::string_view from;
    std::optional<std::string_view> to;
  };

  void damaged(std::uint64_t page, const std::string& what) { visitor_.damaged(page, what); }
  bool claim(std::uint64_t page, std::uint64_t count, std::uint64_t from);
  base::Status walk(std::string_view name, const TableRoot& root);
  base::Status subtree(Table& table, std::uint64_t page, int level, const Range& range);
  base::Status branch(Table& table, std::string_view page, int level, const Range& range);
  base::Status leaf(Table& table, std::string_view page, const Range& range);
  base::Status entry(Table& table, std::uint64_t page, const PageNode& node);
  base::Status take(Table& table, std::uint64_t page, const PageNode& node, std::string_view value);
  void take_free(std::uint64_t page, std::string_view list);
  base::Result<std::string> overflow(Table& table, std::uint64_t page, const PageNode& node);
  bool in_order(const Table& table, std::string_view a, std::string_view b) const;

  const int file_;
  const MetaPage& meta_;
  const std::uint64_t in_file_;
  const bool leaves_;
  PageVisitor& visitor_;
  std::vector<bool> used_;
  std::vector<std::uint64_t> free_;
};

// Marks pages as used; if they cannot be, reports it and returns false.
bool PageWalk::claim(std::uint64_t page, std::uint64_t count, std::uint64_t from) {
  if (page < 2 || count == 0 || count > used_.size() || page > used_.size() - count ||
      page + count > in_file_) {
    damaged(from, "it leads to page " + std::to_string(page) + ", which does not exist");
    return false;
  }
  for (std::uint64_t i = page; i < page + count; ++i) {
    if (used_[i]) {
      damaged(from, "it leads to page " + std::to_string(i) + ", which others use too");
      return false;
    }
    used_[i] = true;
  }
  return true;
}

bool PageWalk::in_order(const Table& table, std::string_view a, std::string_view b) const {
  if (!table.integer_keys()) return a < b;
  return load_le<std::uint64_t>(a.data()) < load_le<std::uint64_t>(b.data());
}

base::Status PageWalk::walk(std::string_view name, const TableRoot& root) {
  if (root.root == kNoPage) {
    if (root.entries != 0) damaged(0, "a table with entries has no pages");
    return {};
  }
  Table table{.name = name, .root = root};
  if ((root.flags & ~kIntegerKeys) != 0)
    damaged(root.root, "its table has flags that are not ours");
  if (!claim(root.root, 1, 0)) return {};
  if (auto walked = subtree(table, root.root, 1, {}); !walked) return walked;
  if (table.branch_pages != root.branch_pages) {
    damaged(root.root, "its table has another number of branch pages");
  }
  if (!table.whole) return {};
  if (table.leaf_pages != root.leaf_pages || table.overflow_pages != root.overflow_pages) {
    damaged(root.root, "its table has another number of pages");
  }
  if (table.entries != root.entries) {
    damaged(root.root, "its table has " + std::to_string(table.entries) + " entries instead of " +
                           std::to_string(root.entries));
  }
  return {};
}

base::Status PageWalk::subtree(Table& table, std::uint64_t page, int level, const Range& range) {
  const bool at_bottom = level == table.root.depth;
  if (at_bottom) ++table.leaf_pages;
  if (at_bottom && !leaves_ && !table.name.empty() && !table.internal()) {
    table.whole = false;
    return {};
  }
  const auto bytes = read_bytes(file_, page * meta_.page_bytes, meta_.page_bytes);
  if (!bytes) return bytes.error();
  if (bytes->empty()) {
    damaged(page, "it is not in the file");
    return {};
  }
  if (const char* fault = fault_of_header(*bytes, page, at_bottom); fault != nullptr) {
    damaged(page, fault);
    return {};
  }
  if (!nodes_fill_page(*bytes)) damaged(page, "its entries do not fill it");
  return at_bottom ? leaf(table, *bytes, range) : branch(table, *bytes, level, range);
}

base::Status PageWalk::branch(Table& table, std::string_view page, int level, const Range& range) {
  ++table.branch_pages;
  const auto number = load_le<std::uint64_t>(page.data());
  const std::size_t count = nodes_of(page);
  std::optional<PageNode> node = PageNode::at(page, 0);
  std::string_view from = range.from;  // the first key has no meaning
  for (std::size_t i = 0; i < count; ++i) {
    const std::optional<PageNode> next = i + 1 < count ? PageNode::at(page, i + 1) : std::nullopt;
    const bool keyed = next && (!table.integer_keys() || next->key.size() == 8);
    Range child{from, i + 1 == count ? range.to : std::nullopt};
    if (keyed) child.to = next->key;
    if (i + 1 < count && (!keyed || (!from.empty() && !in_order(table, from, next->key)) ||
                          (range.to && !in_order(table, next->key, *range.to)))) {
      damaged(number, "its keys are not in order");
      child.to = std::nullopt;
    }
    if (!node) {
      damaged(number, "an entry of it lies outside");
    } else if (claim(node->child, 1, number)) {
      if (auto walked = subtree(table, node->child, level + 1, child); !walked) return walked;
    }
    node = next;
    from = child.to.value_or(std::string_view());
  }
  return {};
}

base::Status PageWalk::leaf(Table& table, std::string_view page, const Range& range) {
  const auto number = load_le<std::uint64_t>(page.data());
  std::string_view before;
  for (std::size_t i = 0; i < nodes_of(page); ++i) {
    const std::optional<PageNode> node = PageNode::at(page, i);
    if (!node || node->key.empty() || (table.integer_keys() && node->key.size() != 8)) {
      damaged(number, "an entry of it lies outside");
      continue;
    }
    const bool misplaced = (!before.empty() && !in_order(table, before, node->key)) ||
                           (!range.from.empty() && in_order(table, node->key, range.from)) ||
                           (range.to && !in_order(table, node->key, *range.to));
    if (misplaced) damaged(number, "its keys are not in order");
    before = node->key;
    ++table.entries;
    if (auto taken = entry(table, number, *node); !taken) return taken;
  }
  return {};
}

base::Status PageWalk::entry(Table& table, std::uint64_t page, const PageNode& node) {
  if (node.flags == kOverflowValue) {
    const auto value = overflow(table, page, node);
    if (!value) return value.error();
    return value->size() == node.size ? take(table, page, node, *value) : base::Status();
  }
  if (node.flags == kSubTable && table.name.empty() && node.size == TableRoot::kBytes) {
    return walk(node.key, TableRoot::decode(node.value));
  }
  if (node.flags == 0) return take(table, page, node, node.value);
  damaged(page, "an entry of it has flags that are not ours");
  return {};
}

base::Status PageWalk::take(Table& table,
                            std::uint64_t page,
                            const PageNode& node,
                            std::string_view value) {
  if (table.internal()) {
    take_free(page, value);
  } else {
    visitor_.entry(table.name, node.key, value);
  }
  return {};
}

// If it cannot be read, it is reported, and the result does not have the node's size.
base::Result<std::string> PageWalk::overflow(Table& table,
                                             std::uint64_t page,
                                             const PageNode& node) {
  const auto first = load_le<std::uint64_t>(node.value.data());
  const std::uint64_t needed =
      (kPageHeaderBytes + node.size + meta_.page_bytes - 1) / meta_.page_bytes;
  const std::string wrong(node.size == 0 ? 1 : 0, '\0');
  if (first >= in_file_ || needed > in_file_) {
    damaged(page, "a value of it lies outside the file");
    return wrong;
  }
  auto bytes = read_bytes(file_, first * meta_.page_bytes, kPageHeaderBytes + node.size);
  if (!bytes) return bytes.error();
  if (bytes->empty() || load_le<std::uint64_t>(bytes->data()) != first ||
      load_le<std::uint16_t>(bytes->data() + 10) != kOverflowPage ||
      load_le<std::uint32_t>(bytes->data() + 12) < needed) {
    damaged(first, "it is not the value that page " + std::to_string(page) + " has there");
    return wrong;
  }
  const std::uint64_t pages = load_le<std::uint32_t>(bytes->data() + 12);
  if (!claim(first, pages, page)) return wrong;
  table.overflow_pages += pages;
  return bytes->substr(kPageHeaderBytes);
}

// A count, then that many page numbers, the greatest first.
void PageWalk::take_free(std::uint64_t page, std::string_view list) {
  const auto count = list.size() < 8 ? ~std::uint64_t{0} : load_le<std::uint64_t>(list.data());
  if (count > list.size() / 8 - 1) return damaged(page, "its list of free pages is invalid");
  std::uint64_t before = meta_.last_page + 1;
  for (std::uint64_t i = 1; i <= count; ++i) {
    const auto free = load_le<std::uint64_t>(list.data() + 8 * i);
    if (free >= before || free < 2) return damaged(page, "its list of free pages is invalid");
    free_.push_back(free);
    before = free;
  }
}

}  // namespace

base::Result<MetaPage> find_snapshot(int file, std::uint64_t transaction) {
  Metas metas;
  if (auto read = metas.read(file); !read) return read.error();
  for (const auto& page : metas.page) {
    if (page && page->transaction == transaction) return *page;
  }
  return base::Error{base::ErrorCode::kNotFound, "another process has written meanwhile"};
}

base::Result<MetaPage> newest_snapshot(int file, PageVisitor& visitor) {
  Metas metas;
  if (auto read = metas.read(file); !read) return read.error();
  if (const std::string wrong = metas.wrong(); !wrong.empty()) visitor.damaged(0, wrong);
  const auto& [even, odd] = metas.page;
  if (!even && !odd) return unreadable("it has no readable meta page");
  if (even && odd) return even->transaction > odd->transaction ? *even : *odd;
  return even ? *even : *odd;
}

base::Status walk_pages(int file, const MetaPage& snapshot, bool leaves, PageVisitor& visitor) {
  struct stat info {};
  if (::fstat(file, &info) != 0) return file_error(errno, "read", "data.mdb");
  const std::uint64_t pages = static_cast<std::uint64_t>(info.st_size) / snapshot.page_bytes;
  return PageWalk(file, snapshot, pages, leaves, visitor).run();
}

base::Result<std::string> last_key(int file, const MetaPage& snapshot) {
  std::uint64_t page = snapshot.main.root;
  for (int level = 1; level <= snapshot.main.depth && page <= snapshot.last_page; ++level) {
    const auto bytes = read_bytes(file, page * snapshot.page_bytes, snapshot.page_bytes);
    if (!bytes) return bytes.error();
    const bool at_bottom = level == snapshot.main.depth;
    if (bytes->empty() || fault_of_header(*bytes, page, at_bottom) != nullptr) break;
    const auto last = PageNode::at(*bytes, nodes_of(*bytes) - 1);
    if (!last) break;
    if (at_bottom) return std::string(last->key);
    page = last->child;
  }
  return std::string();
}

base::Status check_meta_pages(const std::string& path) {
  const auto file = open_file(path, O_RDONLY);
  if (!file) return file.error();
  // The two are read one after the other, and a writer may commit in between.
  constexpr int kAttempts = 100;
  Metas metas;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (auto read = metas.read(file->get()); !read) return read;
    if (metas.wrong().empty()) return {};
  }
  return unreadable(metas.wrong());
}

}  // namespace reprise::store
