#include "store/open_directories.h"

#include <map>
#include <mutex>
#include <pthread.h>
#include <unistd.h>

namespace reprise::store {
namespace {

struct ByNumber {
  bool operator()(const FileId& a, const FileId& b) const {
    return std::pair(a.device, a.number) < std::pair(b.device, b.number);
  }
};

class OpenDirectories {
 public:
  // Never destroyed: a store in a static object may be closed after static destruction would have
  // destroyed it.
  static OpenDirectories& get() {
    static auto* const directories = make();
    return *directories;
  }

  bool add(const FileId& id) {
    const std::lock_guard lock(mutex_);
    return descriptors_.try_emplace(id).second;
  }
  void remove(const FileId& id) {
    const std::lock_guard lock(mutex_);
    descriptors_.erase(id);
  }
  void set_descriptors(const FileId& id, const std::vector<int>& descriptors) {
    const std::lock_guard lock(mutex_);
    descriptors_[id] = descriptors;
  }

 private:
  static OpenDirectories* make() {
    ::pthread_atfork([] { get().mutex_.lock(); }, [] { get().mutex_.unlock(); },
                     [] { get().forget_in_child(); });
    return new OpenDirectories;
  }
  void forget_in_child() {
    for (const auto& [id, descriptors] : descriptors_) {
      for (const int descriptor : descriptors) ::close(descriptor);
    }
    descriptors_.clear();
    mutex_.unlock();
  }

  std::mutex mutex_;
  std::map<FileId, std::vector<int>, ByNumber> descriptors_;
};

}  // namespace

base::Result<DirectoryClaim> DirectoryClaim::claim(const std::string& directory) {
  const auto id = id_of(directory);
  if (!id) return id.error();
  if (!OpenDirectories::get().add(*id)) {
    return base::Error{base::ErrorCode::kStoreLocked,
                       "the store " + directory +
                           " is already open in this process; use the one that is open, or close "
                           "it first"};
  }
  return DirectoryClaim(*id);
}

DirectoryClaim::~DirectoryClaim() {
  if (id_) OpenDirectories::get().remove(*id_);
}

void DirectoryClaim::keep_from_children(const std::vector<int>& descriptors) {
  OpenDirectories::get().set_descriptors(*id_, descriptors);
}

}  // namespace reprise::store
