// What the workflow, its activities, the client and the tests agree on: the types that travel
// between them, and the names under which the log records each message. Names last for ever.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <reprise/json.h>
#include <reprise/reprise.h>
#include <string>

namespace order_saga {

// What will happen to an order. The warehouse, the bank and the carrier act on it, so that one file
// of orders shows every way in which an order can end.
enum class Flag : std::uint8_t {
  kNone,
  kSoldOut,        // the shelf is empty
  kDeclined,       // the bank declines the card
  kNeverPacked,    // the packer loses the slip: the order gives up at its deadline
  kUndeliverable,  // the carrier refuses the address for good
  kFlaky,          // the carrier fails to answer twice, and then answers
};
NLOHMANN_JSON_SERIALIZE_ENUM(Flag,
                             {{Flag::kNone, ""},
                              {Flag::kSoldOut, "sold_out"},
                              {Flag::kDeclined, "declined"},
                              {Flag::kNeverPacked, "never_packed"},
                              {Flag::kUndeliverable, "undeliverable"},
                              {Flag::kFlaky, "flaky"}})

struct Order {
  std::string id;
  std::string sku;
  int quantity = 0;
  int cents = 0;  // for the whole order
  std::string card;
  Flag flag = Flag::kNone;

  friend bool operator==(const Order&, const Order&) = default;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Order, id, sku, quantity, cents, card, flag)

// The stage of an order while it is under way.
enum class Stage : std::uint8_t {
  kReserving,
  kCharging,
  kPacking,
  kShipping,
  kUndoing,
  kEnded,
};

enum class Verdict : std::uint8_t {
  kCompleted,    // paid and shipped
  kCompensated,  // paid, then given up: the money went back, and so did the goods
  kRejected,     // turned down before any money moved: sold out, or the card was declined
};
NLOHMANN_JSON_SERIALIZE_ENUM(Verdict,
                             {{Verdict::kCompleted, "completed"},
                              {Verdict::kCompensated, "compensated"},
                              {Verdict::kRejected, "rejected"}})

struct Outcome {
  Verdict verdict = Verdict::kCompleted;
  std::string detail;  // the tracking number, or why there is none

  friend bool operator==(const Outcome&, const Outcome&) = default;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Outcome, verdict, detail)

// The second argument is how long an order waits to be packed.
inline constexpr reprise::Workflow<Outcome(Order, reprise::Duration)> checkout{"checkout"};
inline constexpr reprise::Signal<std::string> packed{"packed"};  // who packed it
inline constexpr reprise::Query<Stage()> stage{"stage"};

inline constexpr reprise::Activity<void(Order)> reserve{"reserve"};
inline constexpr reprise::Activity<void(Order)> release{"release"};
inline constexpr reprise::Activity<void(Order)> charge{"charge"};
inline constexpr reprise::Activity<void(Order)> refund{"refund"};
inline constexpr reprise::Activity<void(Order)> request_packing{"request_packing"};
inline constexpr reprise::Activity<std::string(Order)> ship{"ship"};  // the tracking number

}  // namespace order_saga
