// The workflows of this sample: a trip is booked whole or not at all. Each leg is a run of its own,
// a child, and at most two legs are booked at a time.
#pragma once
#include <chrono>
#include <reprise/reprise.h>
#include <string>
#include <vector>

namespace trip {

using namespace std::chrono_literals;

// What the airline does. A leg is "Oslo-Rome"; a second request for it changes nothing.
inline constexpr reprise::Activity<void(std::string)> reserve_seat{"reserve_seat"};
inline constexpr reprise::Activity<void(std::string)> release_seat{"release_seat"};
inline constexpr reprise::Activity<std::string(std::string)> issue_ticket{"issue_ticket"};
inline constexpr reprise::Activity<void(std::string)> cancel_ticket{"cancel_ticket"};

inline constexpr reprise::Workflow<std::string(std::string)> book_leg{"book_leg"};
inline constexpr reprise::Workflow<std::string(std::vector<std::string>)> book_trip{"book_trip"};

// A cancellation waits for the airline: only it knows whether the ticket was issued, and a ticket
// that was is undone by whoever asked for it.
inline const reprise::ActivityOptions kAskAirline{
    .start_to_close = 30s,
    .retry = {.initial_interval = 100ms, .maximum_interval = 5s},
    .on_cancel = reprise::CancelMode::kWait,
};

// Returns the ticket. If there is none, the seat is free again. What undoes a request is registered
// before it: an attempt that dies with its process may have had its effect.
inline std::string run_book_leg(reprise::Context& ctx, const std::string& leg) {
  reprise::Saga saga(ctx);
  return saga.run([&] {
    saga.undo_with([&ctx, leg] { ctx.call(release_seat(leg), kAskAirline); });
    ctx.call(reserve_seat(leg), kAskAirline);
    saga.undo_with([&ctx, leg] { ctx.call(cancel_ticket(leg), kAskAirline); });
    return ctx.call(issue_ticket(leg), kAskAirline);
  });
}

// "Oslo-Rome", "Rome-Cairo"...
inline std::vector<std::string> legs_of(const std::vector<std::string>& cities) {
  std::vector<std::string> legs;
  for (std::size_t i = 1; i < cities.size(); ++i) legs.push_back(cities[i - 1] + "-" + cities[i]);
  return legs;
}

// The first leg that fails cancels those under way, and what has been booked is undone, the latest
// first. A leg that was booked all the same while it was being cancelled returns its ticket here,
// so that is undone, too.
inline std::string run_book_trip(reprise::Context& ctx, const std::vector<std::string>& cities) {
  reprise::Saga saga(ctx);
  const auto book = [&](const std::string& leg) {
    std::string ticket = ctx.call(book_leg(leg), {.id = ctx.info().workflow_id + "/" + leg});
    saga.undo_with([&ctx, leg] {
      ctx.call(cancel_ticket(leg), kAskAirline);
      ctx.call(release_seat(leg), kAskAirline);
    });
    return ticket;
  };
  try {
    return saga.run([&] {
      std::string tickets;
      for (const std::string& ticket : ctx.map(legs_of(cities), book, {.at_most = 2})) {
        tickets += (tickets.empty() ? "" : ", ") + ticket;
      }
      return tickets;
    });
  } catch (const reprise::ChildFailure& failure) {
    if (ctx.cancelled()) throw;
    return std::string("no trip: ") + failure.what();
  }
}

template <class Host>
void implement_workflows(Host& host) {
  host.implement(book_leg, run_book_leg);
  host.implement(book_trip, run_book_trip);
}

}  // namespace trip
