#include "tests/power_fail/crash_image.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace reprise::testing {
namespace {

using Kind = DiskOp::Kind;

void put(std::string* content, std::uint64_t offset, std::string_view data) {
  if (content->size() < offset + data.size()) content->resize(offset + data.size(), '\0');
  std::memcpy(content->data() + offset, data.data(), data.size());
}

void write_file(const std::string& path, std::string_view content) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0) std::abort();
  while (!content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written <= 0) std::abort();
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  ::close(file);
}

// Files that are written through memory maps and are ignored after a restart of the machine: they
// may contain any bytes.
bool is_scratch(std::string_view name) {
  return name == "lock.mdb" || name == "attempts" || name == "turns";
}

std::string scratch(Random& random) {
  std::string bytes(random.below(3) * 65'536, '\0');
  if (random.below(2) == 0) {
    for (char& byte : bytes) byte = static_cast<char>(random.next());
  }
  return bytes;
}

}  // namespace

CrashImage::CrashImage(const std::vector<DiskOp>& ops, Inode root) : ops_(ops), root_(root) {
  files_[root].is_directory = true;
}

void CrashImage::advance() {
  const DiskOp& op = ops_[position_++];
  switch (op.kind) {
    case Kind::kWrite:
    case Kind::kTruncate:
      files_[op.file].later.push_back(&op);
      return;
    case Kind::kSync: {
      File& file = files_[op.file];
      for (const DiskOp* later : file.later) apply(*later, &file.content);
      file.later.clear();
      if (file.is_directory) dir_synced_[op.file] = position_;
      return;
    }
    case Kind::kFailedSync:
      // Clean in the cache now, whatever the disk has: no later sync writes it.
      std::erase_if(files_[op.file].later, [](const DiskOp* later) { return !later->durable; });
      return;
    case Kind::kCreate:
      files_[op.file].is_directory = op.is_directory;
      [[fallthrough]];
    case Kind::kRename:
    case Kind::kRemove:
      name_ops_.push_back(position_ - 1);
      return;
    case Kind::kPromise:
      return;
  }
}

void CrashImage::apply(const DiskOp& op, std::string* content) {
  if (op.kind == Kind::kTruncate) {
    content->resize(op.offset, '\0');
  } else {
    put(content, op.offset, op.data);
  }
}

std::string CrashImage::content_of(const File& file, const DiskOp* begun, Random& random) const {
  std::string content = file.content;
  const std::size_t unit = random.below(2) == 0 ? 512 : 4096;
  const std::uint64_t keep = random.below(5);  // of 4
  const auto kept = [&] { return random.below(4) < keep; };
  const auto apply_part = [&](const DiskOp& op) {
    if (op.kind == Kind::kTruncate) {
      if (kept()) apply(op, &content);
      return;
    }
    const std::string_view data = op.data;
    for (std::uint64_t at = 0; at < data.size();) {
      const std::uint64_t size = std::min(unit - (op.offset + at) % unit, data.size() - at);
      if (kept()) put(&content, op.offset + at, data.substr(at, size));
      at += size;
    }
  };
  for (const DiskOp* op : file.later) {
    if (op->durable) {
      apply(*op, &content);
    } else {
      apply_part(*op);
    }
  }
  if (begun != nullptr) apply_part(*begun);
  return content;
}

void CrashImage::apply(const DiskOp& op, Names* names) {
  auto& from = (*names)[op.directory];
  switch (op.kind) {
    case Kind::kCreate:
      from[op.name] = op.file;
      return;
    case Kind::kRemove:
      from.erase(op.name);
      return;
    case Kind::kRename:
      if (from.erase(op.name) > 0) (*names)[op.to_directory][op.to_name] = op.file;
      return;
    default:
      return;
  }
}

// A name is durable once its directory has been synced after it.
bool CrashImage::touches_synced(const DiskOp& op, std::size_t index) const {
  const auto synced = [&](Inode directory) {
    const auto found = dir_synced_.find(directory);
    return found != dir_synced_.end() && index < found->second;
  };
  return synced(op.directory) || (op.kind == Kind::kRename && synced(op.to_directory));
}

// File systems that keep one journal lose a suffix of all changes of names; others may keep those
// of one directory and lose those of another.
CrashImage::Names CrashImage::names(Random& random) const {
  const bool one_journal = random.below(2) == 0;
  const std::size_t until = name_ops_.empty() ? 0 : random.below(name_ops_.size() + 1);
  std::size_t last_synced = 0;
  for (std::size_t i = 0; i < name_ops_.size(); ++i) {
    if (touches_synced(ops_[name_ops_[i]], name_ops_[i])) last_synced = i + 1;
  }
  Names names;
  std::set<Inode> lossy;  // directories that have lost a change lose all later ones
  for (std::size_t i = 0; i < name_ops_.size(); ++i) {
    const DiskOp& op = ops_[name_ops_[i]];
    bool kept = touches_synced(op, name_ops_[i]);
    if (one_journal) {
      kept = kept || i < std::max(until, last_synced);
    } else if (!kept) {
      kept =
          !lossy.contains(op.directory) && !lossy.contains(op.to_directory) && random.below(2) == 0;
      if (!kept) lossy.insert(op.directory);
    }
    if (kept) apply(op, &names);
  }
  return names;
}

void CrashImage::write_directory(const std::string& path,
                                 Inode directory,
                                 const Names& names,
                                 const DiskOp* begun,
                                 Random& random) const {
  const auto found = names.find(directory);
  if (found == names.end()) return;
  for (const auto& [name, inode] : found->second) {
    const std::string below = path + "/" + name;
    const auto file = files_.find(inode);
    if (file == files_.end()) continue;
    if (file->second.is_directory) {
      if (::mkdir(below.c_str(), 0700) != 0) std::abort();
      write_directory(below, inode, names, begun, random);
    } else if (is_scratch(name)) {
      write_file(below, scratch(random));
    } else {
      const bool is_begun = begun != nullptr && begun->file == inode;
      write_file(below, content_of(file->second, is_begun ? begun : nullptr, random));
    }
  }
}

void CrashImage::write(const std::string& directory, Random& random) const {
  const DiskOp* begun = nullptr;
  if (position_ < ops_.size() && random.below(2) == 0) {
    const DiskOp& next = ops_[position_];
    if (next.kind == Kind::kWrite || next.kind == Kind::kTruncate) begun = &next;
  }
  write_directory(directory, root_, names(random), begun, random);
}

}  // namespace reprise::testing
