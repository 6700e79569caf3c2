// Memory for turns that are gathered, run and freed together. The arena begins in a block of its
// own that grows to the need of the rounds: blocks allocated and freed each round made malloc
// consolidate its free lists, a twentieth of the CPU.
#pragma once
#include <algorithm>
#include <bit>
#include <cstddef>
#include <memory>
#include <optional>

#include <google/protobuf/arena.h>

#include "proto/log.pb.h"

namespace reprise::runtime {

// Not thread-safe.
class TurnArena {
 public:
  TurnArena() { rebuild(kSmallest); }
  TurnArena(const TurnArena&) = delete;
  TurnArena& operator=(const TurnArena&) = delete;

  // A turn that lives until reset().
  proto::Turn* make() { return google::protobuf::Arena::CreateMessage<proto::Turn>(&*arena_); }

  void reset() {
    const std::size_t needed = arena_->Reset();
    if (needed > size_ && size_ < kLargest) rebuild(std::min(std::bit_ceil(needed), kLargest));
  }

 private:
  static constexpr std::size_t kSmallest = std::size_t{64} << 10;
  static constexpr std::size_t kLargest = std::size_t{16} << 20;

  void rebuild(std::size_t size) {
    arena_.reset();
    block_ = std::make_unique_for_overwrite<char[]>(size);
    size_ = size;
    google::protobuf::ArenaOptions options;
    options.initial_block = block_.get();
    options.initial_block_size = size;
    arena_.emplace(options);
  }

  std::size_t size_ = 0;
  std::unique_ptr<char[]> block_;
  std::optional<google::protobuf::Arena> arena_;
};

}  // namespace reprise::runtime
