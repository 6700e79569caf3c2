// A file descriptor that children of fork(2) do not have: what it keeps (a name that is served, a
// connection) ends with the process that made it, and not with the last of its children.
#pragma once
#include "base/function_ref.h"

namespace reprise::base {

// Owns it. Thread-safe against fork(2), otherwise as a number is. In a child it is none: get() is
// -1 there, and destroying the object closes nothing.
class PrivateDescriptor {
 public:
  explicit PrivateDescriptor(int descriptor = -1);
  ~PrivateDescriptor();
  PrivateDescriptor(const PrivateDescriptor&) = delete;
  PrivateDescriptor& operator=(const PrivateDescriptor&) = delete;

  int get() const { return descriptor_; }
  void reset(int descriptor);  // closes the one before it
  // The same with what `make` returns, which calls the system and does not wait. No child is made
  // in between, which would have what nobody keeps yet. Returns errno as `make` has left it.
  int make(FunctionRef<int()> make);

 private:
  friend class PrivateDescriptors;
  int descriptor_ = -1;
};

}  // namespace reprise::base
