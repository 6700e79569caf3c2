#include "base/private_descriptor.h"

#include <cerrno>
#include <mutex>
#include <pthread.h>
#include <set>
#include <unistd.h>
#include <utility>

namespace reprise::base {

class PrivateDescriptors {
 public:
  // Never destroyed: static objects may have descriptors.
  static PrivateDescriptors& get() {
    static auto* const all = make();
    return *all;
  }

  void add(PrivateDescriptor* owner) {
    const std::lock_guard lock(mutex_);
    owners_.insert(owner);
  }
  void remove(PrivateDescriptor* owner) {
    const std::lock_guard lock(mutex_);
    owners_.erase(owner);
  }
  void set(PrivateDescriptor* owner, int descriptor) {
    const std::lock_guard lock(mutex_);
    put(owner, descriptor);
  }
  int make(PrivateDescriptor* owner, FunctionRef<int()> make) {
    const std::lock_guard lock(mutex_);
    const int made = make();
    const int error = errno;
    put(owner, made);
    return error;
  }

 private:
  static void put(PrivateDescriptor* owner, int descriptor) {
    const int before = std::exchange(owner->descriptor_, descriptor);
    if (before >= 0) ::close(before);
  }
  static PrivateDescriptors* make() {
    ::pthread_atfork([] { get().mutex_.lock(); }, [] { get().mutex_.unlock(); },
                     [] { get().close_in_child(); });
    return new PrivateDescriptors;
  }
  void close_in_child() {
    for (PrivateDescriptor* const owner : owners_) {
      const int descriptor = std::exchange(owner->descriptor_, -1);
      if (descriptor >= 0) ::close(descriptor);
    }
    mutex_.unlock();
  }

  std::mutex mutex_;
  std::set<PrivateDescriptor*> owners_;
};

PrivateDescriptor::PrivateDescriptor(int descriptor) : descriptor_(descriptor) {
  PrivateDescriptors::get().add(this);
}

PrivateDescriptor::~PrivateDescriptor() {
  reset(-1);
  PrivateDescriptors::get().remove(this);
}

void PrivateDescriptor::reset(int descriptor) {
  PrivateDescriptors::get().set(this, descriptor);
}

int PrivateDescriptor::make(FunctionRef<int()> make) {
  return PrivateDescriptors::get().make(this, make);
}

}  // namespace reprise::base
