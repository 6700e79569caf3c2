// Makes one operation on files fail, as a bad disk would: the n-th from now on. Works by standing
// in for the functions of the C library, so it reaches LMDB as well.
#pragma once

namespace reprise::store {

// While it lives, the `operation`-th write, sync, rename, creation of a directory... fails with
// `error_number`, and only that one.
class IoFailure {
 public:
  IoFailure(int operation, int error_number);
  ~IoFailure();
  IoFailure(const IoFailure&) = delete;
  IoFailure& operator=(const IoFailure&) = delete;

  // Were there that many?
  bool happened() const;
};

}  // namespace reprise::store
