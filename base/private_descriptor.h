// A file descriptor that children of fork(2) do not inherit: its resource (a served name, a
// connection) ends with the process that made it, not with the last of its children.
#pragma once
#include "base/function_ref.h"

namespace reprise::base {

// Owns the descriptor. Thread-safe against fork(2), otherwise like a number. In a child get() is
// -1, and destroying the object closes nothing.
class PrivateDescriptor {
 public:
  explicit PrivateDescriptor(int descriptor = -1);
  ~PrivateDescriptor();
  PrivateDescriptor(const PrivateDescriptor&) = delete;
  PrivateDescriptor& operator=(const PrivateDescriptor&) = delete;

  int get() const { return descriptor_; }
  void reset(int descriptor);  // closes the one before it
  // The same with the result of `make`, which calls the system and does not wait. No child can be
  // made in between, which would inherit a descriptor that is not registered yet. Returns errno as
  // `make` left it.
  int make(FunctionRef<int()> make);

 private:
  friend class PrivateDescriptors;
  int descriptor_ = -1;
};

}  // namespace reprise::base
